"""Methods: a batch of pictures to losses. The folder is the registry: ``NAME`` is ``*/NAME.py``."""

from typing import Any

from selftaught import catalogue
from selftaught.encoders import Encoder
from selftaught.methods.method import Baseline, Material, Method, Outputs

__all__ = ["Baseline", "Material", "Method", "Outputs", "build"]


def build(name: str, encoder: Encoder, *, classes: int = 0, **parameters: Any) -> Method:
    """The method called ``name``, around an encoder.

    Args:
        classes: how many classes the labels name; goes only to methods that need labels.
        parameters: the constructor's keyword arguments.

    Raises:
        Refusal: no such method; the sentence names the nearest.
    """
    kind = catalogue.entry(name).load()
    first = (encoder, classes) if kind.needs.labels else (encoder,)
    method: Method = kind(*first, **parameters)
    return method
