"""One run from its configuration to its results: `carry_out` is the whole of it."""

from selftaught.training.carry_out import carry_out
from selftaught.training.processes import together
from selftaught.training.setup import Setup, prepare

__all__ = ["Setup", "carry_out", "prepare", "together"]
