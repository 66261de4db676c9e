"""One tree of frozen models describes a run; recipes (YAML) and ``a.b=c`` overrides fill it in.

Everything here is checked without importing torch.
"""

from selftaught.config.recipes import EVERY, SAME, recipe, recipes_of
from selftaught.config.resolving import resolve
from selftaught.config.tree import (
    Data,
    Encoder,
    Measured,
    Method,
    Monitor,
    Optimiser,
    Part,
    Run,
    Views,
    of_tree,
    run_model,
)
from selftaught.config.words import contestant, parse, split_overrides
from selftaught.config.written import differences, fingerprint, is_path, read, write

__all__ = [
    "EVERY",
    "SAME",
    "Data",
    "Encoder",
    "Measured",
    "Method",
    "Monitor",
    "Optimiser",
    "Part",
    "Run",
    "Views",
    "contestant",
    "differences",
    "fingerprint",
    "is_path",
    "of_tree",
    "parse",
    "read",
    "recipe",
    "recipes_of",
    "resolve",
    "run_model",
    "split_overrides",
    "write",
]
