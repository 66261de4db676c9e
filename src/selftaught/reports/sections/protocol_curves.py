"""A protocol's curves as charts, and the numbers behind them as tables."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.wording import ABSENT, compact, percent

MOST_COLUMNS = 8

Rows = list[tuple[Contestant, list[str]]]

Cells = list[tuple[str, float | None]]
"""Numbers as text, and as shares in [0, 1] where they are."""


@dataclass(frozen=True)
class Drawn:
    """One curve of a protocol, for all contestants.

    Attributes:
        name: its key.
        title: its name in words.
        chart: the drawing.
    """

    name: str
    title: str
    chart: Markup


def charts(comparison: Comparison, protocol: str, names: list[str] | None = None) -> list[Drawn]:
    """Each of a protocol's curves (or those named) with a line for every contestant."""
    found = []
    for name in drawn_curves.names(comparison, protocol) if names is None else names:
        chart = drawn_curves.chart(pairs(comparison, protocol, name))
        if chart is not None:
            found.append(Drawn(name, name.replace("_", " "), chart))
    return found


def pairs(
    comparison: Comparison, protocol: str, name: str
) -> list[tuple[Contestant, drawn_curves.Curve]]:
    """Every contestant that has the curve, with it."""
    return [
        (contestant, curve)
        for contestant in comparison.contestants
        if (curve := drawn_curves.averaged(contestant, protocol, name)) is not None
    ]


def table(comparison: Comparison, protocol: str, name: str) -> tuple[list[str], Rows]:
    """A curve's values: a column for each x, at most 8 of them, evenly over the curve."""
    found = pairs(comparison, protocol, name)
    xs = sorted({x for _, curve in found for x, *_ in curve.points})
    if len(xs) > MOST_COLUMNS:
        last = len(xs) - 1
        steps = [round(i * last / (MOST_COLUMNS - 1)) for i in range(MOST_COLUMNS)]
        xs = [xs[step] for step in steps]
    rows: Rows = []
    for contestant, curve in found:
        at = {x: y for x, y, *_ in curve.points}
        share = drawn_curves.is_share(curve.up, list(at.values()))
        rows.append(
            (contestant, [_written(at.get(x), share=share) for x in xs]),
        )
    return [compact(x) for x in xs], rows


def heights(
    comparison: Comparison,
    protocol: str,
    names: list[str],
    of: Callable[[drawn_curves.Curve], float | None] = drawn_curves.area,
) -> list[tuple[Contestant, Cells]]:
    """For each contestant one number of each of its curves: its text, and the share itself if it is one."""
    rows = []
    for contestant in comparison.contestants:
        cells: Cells = []
        for name in names:
            curve = drawn_curves.averaged(contestant, protocol, name)
            height = None if curve is None else of(curve)
            share = curve is not None and drawn_curves.is_share(
                curve.up, [y for _, y, *_ in curve.points]
            )
            cells.append((_written(height, share=share), height if share else None))
        if any(text != ABSENT for text, _ in cells):
            rows.append((contestant, cells))
    return rows


def _written(value: float | None, *, share: bool) -> str:
    if value is None:
        return ABSENT
    return percent(value) if share else compact(value)
