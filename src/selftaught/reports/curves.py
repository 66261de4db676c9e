"""Learning curves: what the online kNN, each term of the loss and each score did while the pictures went by."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from selftaught.reports.drawing import (
    LETTER,
    Scale,
    drawing,
    element,
    kept_apart,
    marker,
    polyline,
    rounded_range,
)
from selftaught.reports.folder import Contestant
from selftaught.reports.wording import compact, full_title, percent, unknown

WIDTH, HEIGHT = 400.0, 280.0
SMALL = (330.0, 230.0)
TOP, BOTTOM, LEFT = 14.0, 44.0, 44.0
POINTS = 160
LONGEST = 18

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One seed's curve.

    Attributes:
        label: written at its end, once for all lines of that name.
        ink: the variable of its colour.
        shape: its marks' form; None draws none.
        dash: which of the dash patterns it is drawn with.
    """

    label: str
    ink: str
    points: list[Point]
    shape: int | None = None
    dash: int = 0


def series(lines: Iterable[dict[str, Any]], across: str, up: Callable[[Any], Any]) -> list[Point]:
    """The finite points of a run's lines, thinned to at most 160 by means over equal stretches."""
    points = [
        (float(line[across]), float(up(line)))
        for line in lines
        if not unknown(line.get(across)) and not unknown(up(line))
    ]
    if len(points) <= POINTS:
        return points
    cuts = [round(i * len(points) / POINTS) for i in range(POINTS + 1)]
    return [
        (_mean(x for x, _ in points[start:end]), _mean(y for _, y in points[start:end]))
        for start, end in pairwise(cuts)
    ]


def knn_curves(
    contestants: Sequence[tuple[Contestant, str, int]], across: str, caption: str
) -> Markup | None:
    """Online kNN of every contestant that was looked at, all seeds, against `across`.

    Args:
        contestants: each with its colour's variable and its marks' form.
        across: ``pictures`` or ``seconds``.
        caption: what the axis says.
    """
    lines = [
        Line(full_title(contestant.name), ink, points, shape)
        for contestant, ink, shape in contestants
        for run in contestant.runs
        if len(points := series(run.looks, across, lambda line: line.get("knn"))) > 1
    ]
    return line_chart(
        lines, caption, "online kNN accuracy, %", lambda y: percent(y, 0), (WIDTH, HEIGHT)
    )


def loss_curves(contestant: Contestant, ink: str) -> Markup | None:
    """Each term of a contestant's loss, all seeds, against the pictures seen."""
    return _named_curves(contestant, ink, "losses", "loss, as weighted")


def score_curves(contestant: Contestant, ink: str) -> Markup | None:
    """How well a contestant does its own task, all seeds; None where the method keeps no score."""
    return _named_curves(contestant, ink, "scores", "score")


def _named_curves(contestant: Contestant, ink: str, kind: str, up: str) -> Markup | None:
    """A line for each name among a step's ``losses`` or ``scores``."""
    lines = []
    for run in contestant.runs:
        names = dict.fromkeys(name for step in run.steps for name in step.get(kind) or {})
        for dash, name in enumerate(names):
            points = series(run.steps, "pictures", partial(_named, kind, name))
            if len(points) > 1:
                lines.append(Line(name.replace("_", " "), ink, points, dash=dash))
    return line_chart(lines, "pictures seen", up, compact, SMALL)


def line_chart(
    lines: Sequence[Line],
    across: str,
    up: str,
    written: Callable[[float], str],
    size: tuple[float, float],
) -> Markup | None:
    """Lines on one pair of axes, each named at its end; None without lines."""
    width, height = size
    if not lines:
        return None
    names = list(dict.fromkeys(line.label for line in lines))
    widest = max(len(name) for name in names)
    right = width - 14 - min(widest, LONGEST) * LETTER
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    x = Scale(0.0, max(xs), LEFT, right)
    y = Scale(*rounded_range([*ys, *([0.0] if min(ys) >= 0 else [])]), height - BOTTOM, TOP + 16)
    parts = [*frame(x, y, written=written, x_written=compact, across=across, up=up)]
    ends: dict[str, list[float]] = {name: [] for name in names}
    thin = " thin" if len(lines) > len(names) else ""
    for line in lines:
        placed = [(x(a), y(b)) for a, b in line.points]
        marks = (
            [marker(line.shape, *point, 3.4) for point in placed] if line.shape is not None else []
        )
        curve = element("path", d=polyline(placed), class_=f"line dash-{line.dash % 4}{thin}")
        parts.append(element("g", curve, *marks, class_="series", style=f"--ink: var({line.ink})"))
        ends[line.label].append(placed[-1][1])
    inks = {line.label: line.ink for line in lines}
    heights = kept_apart([_mean(ends[name]) for name in names], 16, TOP + 16, height - BOTTOM)
    for name, level in zip(names, heights, strict=True):
        parts.append(
            element(
                "text",
                _cut(name),
                x=right + 9,
                y=level + 4.5,
                class_="label",
                style=f"--ink: var({inks[name]})",
            )
        )
    last = "; ".join(f"{line.label} ends at {written(line.points[-1][1])}" for line in lines[:8])
    return drawing(width, height, f"{up} against {across}: {last}", parts)


def frame(
    x: Scale,
    y: Scale,
    *,
    written: Callable[[float], str],
    x_written: Callable[[float], str],
    across: str,
    up: str,
) -> Iterable[Markup]:
    """Grid, ticks and the two captions."""
    for tick in y.ticks():
        yield element("line", x1=x.start, x2=x.end, y1=y(tick), y2=y(tick), class_="grid")
        yield element("text", written(tick), x=x.start - 8, y=y(tick) + 4.5, class_="tick end")
    ticks = x.ticks(5)
    for tick in ticks:
        yield element("text", x_written(tick), x=x(tick), y=y.start + 19, class_="tick middle")
    yield element("text", across, x=x.end, y=y.start + 39, class_="axis end")
    yield element("text", up, x=0, y=TOP, class_="axis")


def _named(kind: str, name: str, step: dict[str, Any]) -> float | None:
    value: float | None = (step.get(kind) or {}).get(name)
    return value


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
