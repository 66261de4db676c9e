"""Evaluation: an encoder and labelled pictures to numbers, whatever method made the encoder."""

from selftaught.evaluation.features import Features, extract
from selftaught.evaluation.protocols import Evaluation, check, evaluate, names, unsuited
from selftaught.evaluation.results import Pool, Result, Subject

__all__ = [
    "Evaluation",
    "Features",
    "Pool",
    "Result",
    "Subject",
    "check",
    "evaluate",
    "extract",
    "names",
    "unsuited",
]
