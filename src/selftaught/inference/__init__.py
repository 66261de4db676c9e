"""Inference: a trained encoder at work on pictures it was not trained on."""

from selftaught.inference.embed import Embedder, load
from selftaught.inference.pictures import pictures_in

__all__ = ["Embedder", "load", "pictures_in"]
