"""Learning curves: what the online kNN, each term of the loss and each score did while the pictures went by."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from selftaught.reports.contestants import Contestant
from selftaught.reports.lines import SMALL, Axis, Line, Point, line_chart
from selftaught.reports.wording import compact, full_title, percent, unknown

POINTS = 160
ACROSS = {
    "pictures": Axis("pictures seen", zero=True),
    "seconds": Axis("seconds of training", zero=True),
}


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


def knn_curves(contestants: Sequence[Contestant], across: str) -> Markup | None:
    """Online kNN of every contestant that was looked at, all seeds, against ``pictures`` or ``seconds``."""
    lines = [
        Line(full_title(each.name), each.ink, points, each.shape, each.dash, each.place)
        for each in contestants
        for run in each.runs
        if len(points := series(run.looks, across, lambda line: line.get("knn"))) > 1
    ]
    shares = Axis("online kNN accuracy, %", lambda y: percent(y, 0), zero=True, most=1.0)
    return line_chart(lines, ACROSS[across], shares)


def loss_curves(contestant: Contestant) -> Markup | None:
    """Each term of a contestant's loss, all seeds, against the pictures seen."""
    return _named_curves(contestant, "losses", "loss, as weighted")


def score_curves(contestant: Contestant) -> Markup | None:
    """How well a contestant does its own task, all seeds; None where the method keeps no score."""
    return _named_curves(contestant, "scores", "score")


def _named_curves(contestant: Contestant, kind: str, up: str) -> Markup | None:
    """A line for each name among a step's ``losses`` or ``scores``."""
    lines = []
    for run in contestant.runs:
        names = dict.fromkeys(name for step in run.steps for name in step.get(kind) or {})
        for dash, name in enumerate(names):
            points = series(run.steps, "pictures", partial(_named, kind, name))
            if len(points) > 1:
                lines.append(Line(name.replace("_", " "), contestant.ink, points, dash=dash))
    return line_chart(lines, ACROSS["pictures"], Axis(up, compact, zero=True), SMALL)


def _named(kind: str, name: str, step: dict[str, Any]) -> float | None:
    value: float | None = (step.get(kind) or {}).get(name)
    return value


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
