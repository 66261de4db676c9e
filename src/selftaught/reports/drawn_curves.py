"""Curves that protocols left in the results, drawn for all contestants at once.

A protocol's ``curves`` are named lines (``evaluation.results.curve``): ``x`` and ``y``, what the axes are
(``across``, ``up``), and where there is one an interval at each point (``low``, ``high``).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from selftaught.reports.contestants import Comparison, Contestant, mean
from selftaught.reports.lines import Axis, Line, line_chart
from selftaught.reports.wording import compact, full_title, percent

SPANS = 20
"""Positive x that span more than this factor stand on a logarithmic axis."""


Reading = tuple[float, float, float | None, float | None]
"""x, y, and the ends of an interval where there is one."""


@dataclass(frozen=True)
class Curve:
    """A contestant's curve, averaged over its seeds.

    Attributes:
        points: from the smallest x up.
        across, up: what the axes are.
    """

    points: list[Reading]
    across: str
    up: str


def names(comparison: Comparison, protocol: str) -> list[str]:
    """The names of a protocol's curves, in order of appearance."""
    found = (c for each in comparison.contestants for c in each.curves(protocol))
    return list(dict.fromkeys(name for c in found if isinstance(c, dict) for name in c))


def averaged(contestant: Contestant, protocol: str, name: str) -> Curve | None:
    """One curve of a contestant: at each x the mean over the seeds that have it.

    The interval is the curve's own where there is one seed; with several it reaches from the least seed to
    the largest.
    """
    found = [c[name] for c in contestant.curves(protocol) if _whole(c.get(name))]
    if not found:
        return None
    at: dict[float, list[tuple[float, float | None, float | None]]] = {}
    for each in found:
        lows = each.get("low") or [None] * len(each["x"])
        highs = each.get("high") or [None] * len(each["x"])
        for x, y, low, high in zip(each["x"], each["y"], lows, highs, strict=True):
            if _finite(x) and _finite(y):
                at.setdefault(float(x), []).append((float(y), _known(low), _known(high)))
    points = []
    for x, own in sorted(at.items()):
        ys = [y for y, _, _ in own]
        low, high = own[0][1:] if len(own) == 1 else (min(ys), max(ys))
        points.append((x, sum(ys) / len(ys), low, high))
    first = found[0]
    return (
        Curve(points, str(first.get("across") or ""), str(first.get("up") or ""))
        if points
        else None
    )


def chart(
    curves: Mapping[str, tuple[Contestant, Curve]] | Sequence[tuple[Contestant, Curve]],
    *,
    logarithmic: bool = False,
) -> Markup | None:
    """All contestants' curves of one name on one pair of axes."""
    pairs = list(curves.values() if isinstance(curves, Mapping) else curves)
    if not pairs:
        return None
    xs = sorted({x for _, curve in pairs for x, *_ in curve.points})
    ys = [y for _, curve in pairs for _, y, *_ in curve.points]
    up, share = pairs[0][1].up, is_share(pairs[0][1].up, ys)
    wide = xs[0] > 0 and xs[-1] > SPANS * xs[0]
    lines = [
        Line(
            full_title(contestant.name),
            contestant.ink,
            [(x, y) for x, y, *_ in curve.points],
            contestant.shape if len(curve.points) <= 24 else None,
            contestant.dash,
            contestant.place,
            band=[
                (x, low, high)
                for x, _, low, high in curve.points
                if low is not None and high is not None
            ],
        )
        for contestant, curve in pairs
    ]
    ticks = tuple(xs) if len(xs) <= 8 else None
    x = Axis(pairs[0][1].across, compact, logarithmic=wide, ticks=ticks)
    if share:
        y = Axis(f"{up}, %", lambda v: percent(v, 0), zero=not logarithmic, most=1.0)
    else:
        positive = logarithmic and min(ys) > 0
        y = Axis(up, compact, logarithmic=positive)
    return line_chart(lines, x, y)


def scores(comparison: Comparison, protocol: str) -> list[str]:
    """The keys of a protocol's results that are plain numbers and neither settings nor counts: floats."""
    runs = (run for contestant in comparison.contestants for run in contestant.runs)
    found = (item for run in runs for item in run.result(protocol).items())
    return list(dict.fromkeys(key for key, value in found if isinstance(value, float)))


def score(contestant: Contestant, protocol: str, key: str) -> float | None:
    """One of them, the mean over seeds."""
    found = (run.result(protocol).get(key) for run in contestant.runs)
    return mean(float(value) for value in found if value is not None and _finite(value))


def is_share(up: str, values: Sequence[float]) -> bool:
    """Whether an axis holds shares in [0, 1], to be written in percent."""
    word = any(part in up.lower() for part in ("accuracy", "share", "recall", "precision"))
    return word and min(values) >= 0 and max(values) <= 1


def area(curve: Curve) -> float | None:
    """The mean of a curve's values: its height in one number."""
    return mean(y for _, y, *_ in curve.points)


def end(curve: Curve) -> float | None:
    """Its value at the largest x."""
    return curve.points[-1][1]


def _whole(curve: Any) -> bool:
    return (
        isinstance(curve, dict)
        and isinstance(curve.get("x"), list)
        and isinstance(curve.get("y"), list)
        and len(curve["x"]) == len(curve["y"]) > 0
        and all(
            curve.get(end) is None or len(curve[end]) == len(curve["x"]) for end in ("low", "high")
        )
    )


def _known(value: Any) -> float | None:
    return float(value) if _finite(value) else None


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
