"""Constrained types: what a method's constructor may say of its keyword arguments.

They are read by pydantic when a configuration is validated. This file imports no torch, so that a
mistyped value is refused at once, before anything heavy is loaded.
"""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import BeforeValidator


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


SEVERAL = BeforeValidator(_several)
"""One of several needs no comma: ``projector=128`` is a head of one layer."""

Positive = Annotated[float, Gt(0)]
"""A number above zero."""

NotNegative = Annotated[float, Ge(0)]
"""Zero or more."""

Fraction = Annotated[float, Ge(0), Le(1)]
"""A number from 0 to 1, both included."""

Share = Annotated[float, Ge(0), Lt(1)]
"""A number from 0 to 1, the 1 left out."""

Count = Annotated[int, Ge(1)]
"""A whole number, one or more."""

Length = Annotated[int, Ge(0)]
"""A whole number, zero or more: how long a queue is."""

Steps = Annotated[int, Ge(0), Le(20)]
"""Steps of an iteration in float32, none to twenty: further ones would magnify its rounding."""

Seed = Annotated[int, Ge(0), Lt(2**63)]
"""Where every random choice of a run begins."""

Widths = Annotated[tuple[Count, ...], Len(1), SEVERAL]
"""Widths of the layers of a head, the last being its output."""

Counts = Annotated[tuple[Count, ...], Len(1), SEVERAL]
"""Whole numbers to choose from, or to try one after the other."""

Numbers = Annotated[tuple[Positive, ...], Len(1), SEVERAL]
"""Numbers above zero to choose from."""

Shares = Annotated[tuple[Share, ...], Len(1), SEVERAL]
"""Numbers from 0 to below 1, to try one after the other."""

Fractions = Annotated[tuple[Annotated[float, Gt(0), Le(1)], ...], Len(1), SEVERAL]
"""Shares of a whole, above 0."""

Names = str | tuple[str, ...]
"""One name, or several; "" for none."""

NotNegatives = Annotated[tuple[NotNegative, ...], Len(1), SEVERAL]
"""Numbers from zero on to choose from."""

Momentum = tuple[Fraction, Fraction]
"""Start and end of a teacher's momentum, joined by half a cosine."""

Precision = Literal["auto", "float32", "bfloat16", "float16"]
Device = Literal["auto", "cpu", "cuda", "mps"]

__all__ = [
    "Count",
    "Counts",
    "Device",
    "Fraction",
    "Fractions",
    "Length",
    "Momentum",
    "Names",
    "NotNegative",
    "NotNegatives",
    "Numbers",
    "Positive",
    "Precision",
    "Seed",
    "Share",
    "Shares",
    "Steps",
    "Widths",
]
