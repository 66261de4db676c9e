"""Evaluation: an encoder and labelled pictures to numbers, whatever method made the encoder."""

from selftaught.evaluation.features import Features, extract
from selftaught.evaluation.protocols import Evaluation, check, evaluate, names
from selftaught.evaluation.results import Pool, Result

__all__ = ["Evaluation", "Features", "Pool", "Result", "check", "evaluate", "extract", "names"]
