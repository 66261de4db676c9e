"""What a protocol's number is: its name, how it is written, and which way is better.

A protocol's file says ``MEASURE = Measure(...)`` with plain values, which ``catalogue`` reads as text; one that
says nothing has an accuracy. Results of earlier versions do not name their measure: it is the accuracy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """One kind of number.

    Attributes:
        name: its key in results.json.
        title: how it is written in a sentence; "" takes the name with spaces.
        share: whether it is a share in [0, 1], which is written in percent.
        higher: whether more is better; None where neither way is (a rank, a similarity): nothing is
            ranked by it, and nothing claimed.
    """

    name: str
    title: str = ""
    share: bool = True
    higher: bool | None = True

    @property
    def written(self) -> str:
        """Its name in a sentence."""
        return self.title or self.name.replace("_", " ")

    @property
    def unit(self) -> str:
        """What stands behind its name where a number follows without a sign: ``, %`` or nothing."""
        return ", %" if self.share else ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The range that a mean's interval cannot leave."""
        return (0.0, 1.0) if self.share else (-math.inf, math.inf)

    def scaled(self, value: float) -> float:
        """The value as it is written: shares in percent."""
        return 100 * value if self.share else value

    def text(self, value: float | None, digits: int = 1) -> str:
        """The value without a sign: a share in percent, anything else in three digits or so."""
        if value is None or not math.isfinite(value):
            return "–"
        return f"{100 * value:.{digits}f}" if self.share else f"{value:.{digits + 2}g}"

    def phrase(self, value: float | None, digits: int = 1) -> str:
        """The value in a sentence: ``61.2%``, ``0.0712``."""
        known = value is not None and math.isfinite(value)
        return self.text(value, digits) + ("%" if self.share and known else "")


ACCURACY = Measure("accuracy")

ENOUGH = 3
"""Seeds from which an interval is given, a claim may be made and somebody has a rank."""

SURE = 0.05
"""Corrected p-value under which a difference holds: one beats the other, a claim is true or false."""


def number(result: Mapping[str, Any]) -> float | None:
    """The number of one protocol's part of results.json; None where it is missing or not finite."""
    value = result.get(result.get("measure", ACCURACY.name))
    known = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if known and value is not None else None
