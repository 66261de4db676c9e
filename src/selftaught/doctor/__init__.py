"""A data set before any training: what is in it, what is wrong with it, and what training on it would
take."""

from selftaught.doctor.examine import Examination, examine

__all__ = ["Examination", "examine"]
