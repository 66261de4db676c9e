"""Charts as inline SVG: an element, a scale with round ticks, labels that keep apart.

Colours are never written here. A group carries ``--ink`` (a variable of the page), so that one
drawing serves light, dark and paper.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from selftaught.reports.wording import Number

LETTER = 7.5  # about the width of a bold letter at the charts' 13 px, to keep labels apart


def element(tag: str, *content: str | Markup, **attributes: object) -> Markup:
    """One SVG element; text and attributes are escaped, ``class_`` is written ``class``."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(escape(part) for part in content)
    return Markup(f"<{tag}{written}>{inside}</{tag}>")


def drawing(width: Number, height: Number, label: str, parts: Iterable[Markup]) -> Markup:
    """The SVG around its parts; `label` is what a screen reader says."""
    return element("svg", *parts, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label)


def polyline(points: Iterable[tuple[Number, Number]]) -> str:
    """The ``d`` of a path through the points."""
    return "M" + "L".join(f"{_short(x)},{_short(y)}" for x, y in points)


def marker(shape: int, x: Number, y: Number, size: Number = 4, **attributes: object) -> Markup:
    """A mark that differs by form too: circle, square, triangle, diamond, in turn."""
    shape %= 4
    if shape == 0:
        return element("circle", cx=x, cy=y, r=size, **attributes)
    if shape == 1:
        side = 1.8 * size
        return element(
            "rect", x=x - side / 2, y=y - side / 2, width=side, height=side, **attributes
        )
    if shape == 2:
        corners = [(x, y - 1.25 * size), (x + 1.15 * size, y + 0.8 * size)]
        corners.append((x - 1.15 * size, y + 0.8 * size))
    else:
        reach = 1.3 * size
        corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
    return element("path", d=polyline(corners) + "Z", **attributes)


@dataclass(frozen=True)
class Scale:
    """Values between `low` and `high` laid out between `start` and `end` of the drawing."""

    low: Number
    high: Number
    start: Number
    end: Number
    logarithmic: bool = False

    def __call__(self, value: Number) -> Number:
        """Where a value lies."""
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 6) -> list[Number]:
        """Round values within the scale; a logarithmic one has powers of ten (and 3s if few)."""
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1,) if len(powers) > 5 else (1, 3)
            ticks = [step * 10.0**power for power in powers for step in steps]
        else:
            step = round_step((self.high - self.low) / about)
            first = math.ceil(self.low / step - 1e-9)
            ticks = [(first + i) * step for i in range(4 * about)]
        slack = 1e-9 * (self.high - self.low)
        return [tick for tick in ticks if self.low - slack <= tick <= self.high + slack]


def round_step(step: Number) -> Number:
    """The next of 1, 2, 5 times a power of ten."""
    if step <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def rounded_range(values: Sequence[Number], about: int = 6) -> tuple[Number, Number]:
    """The values' range, widened to round numbers."""
    low, high = min(values), max(values)
    step = round_step(max(high - low, 1e-3 * abs(high), 1e-9) / about)
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step


def kept_apart(positions: Sequence[Number], gap: Number, low: Number, high: Number) -> list[Number]:
    """Positions moved as little as a greedy sweep can so that neighbours are `gap` apart."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    placed = list(positions)
    floor = low
    for index in order:
        placed[index] = floor = max(positions[index], floor)
        floor += gap
    ceiling = high
    for index in reversed(order):
        placed[index] = ceiling = min(placed[index], ceiling)
        ceiling -= gap
    return placed


def levels(spans: Sequence[tuple[Number, Number]]) -> list[int]:
    """For each span the first level on which it overlaps none placed before it."""
    ends: list[Number] = []
    chosen = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda i: spans[i]):
        start, end = spans[index]
        level = next((i for i, last in enumerate(ends) if last <= start), len(ends))
        ends[level : level + 1] = [end]
        chosen[index] = level
    return chosen


def _short(value: object) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
