"""How features grew while the pictures went by, and what the losses did."""

from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.curves import knn_curves, loss_curves, score_curves
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import ABSENT, percent

ACROSS = {"pictures": "Pictures seen", "seconds": "Time"}
MANY = 4
"""Methods whose losses are folded away."""


def section(comparison: Comparison) -> Section | None:
    """Curves of the online kNN against pictures and time; absent where no run left any."""
    contestants = comparison.contestants
    charts = [
        (title, chart)
        for across, title in ACROSS.items()
        if (chart := knn_curves(contestants, across)) is not None
    ]
    losses = [(c, chart) for c in contestants if (chart := loss_curves(c)) is not None]
    scores = [(c, chart) for c in contestants if (chart := score_curves(c)) is not None]
    if not charts and not losses:
        return None
    rows = [(c, row) for c in contestants if (row := _row(c)) is not None]
    body = fill("learning.html", charts=charts, rows=rows, losses=losses, scores=scores, many=MANY)
    return Section("learning", "Learning", body)


def _row(contestant: Contestant) -> list[str] | None:
    """Online kNN before training and at the end, and the effective rank likewise; means over seeds."""
    looks = [run.looks for run in contestant.runs if len(run.looks) > 1]
    if not looks:
        return None
    return [
        *(percent(_mean(each[place].get("knn") for each in looks)) for place in (0, -1)),
        *(_number(_mean(e[place].get("effective_rank") for e in looks)) for place in (0, -1)),
    ]


def _mean(values: object) -> float | None:
    known = [float(value) for value in values if value is not None]  # type: ignore[attr-defined]
    return sum(known) / len(known) if known else None


def _number(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.1f}"
