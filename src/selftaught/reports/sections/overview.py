"""Who was read best, how sure that is, and against what."""

from typing import Any

from selftaught.measures import ENOUGH
from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.drawing import Scale, rounded_range
from selftaught.reports.headline import headline
from selftaught.reports.ranking import places, written
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import short

MOST_CHOICES = 8
SPOKEN = 3
"""Sentences that are said at once; more stand behind a click."""


def section(comparison: Comparison) -> Section | None:
    """A list from best to worst for each protocol that ranks; absent without results."""
    ladders = [
        ladder
        for name in _protocols(comparison)
        if (ladder := _ladder(comparison, name)) is not None
    ]
    if not ladders:
        return None
    # Under three seeds there is nothing to claim: the list itself says what was read.
    few = comparison.seeds < ENOUGH
    claims = [] if few else [str(claim) for claim in comparison.facts.get("claims") or []]
    body = fill(
        "overview.html",
        ladders=ladders,
        headline=headline(comparison, _protocols(comparison)[0]),
        claims=claims,
        spoken=SPOKEN,
        seeds=comparison.seeds,
        few=few,
        split=comparison.split,
        encoders=len({c.encoder for c in comparison.methods}) > 1,
    )
    return Section("overview", "Overview", body)


def _protocols(comparison: Comparison) -> list[str]:
    """Those of which more, or less, is better, the headline's first."""
    names = [n for n in comparison.protocols if comparison.measure(n).higher is not None]
    names.sort(key=lambda name: name != comparison.headline)
    return names[:MOST_CHOICES]


def _ladder(comparison: Comparison, name: str) -> dict[str, Any] | None:
    """One protocol's list: rank, marks of the seeds, interval, on one scale in percent of the width."""
    measure = comparison.measure(name)
    found = [
        (contestant, mean)
        for contestant in comparison.contestants
        if (mean := contestant.mean(name)) is not None
    ]
    if not found:
        return None
    placed = places(comparison, name)
    found.sort(key=lambda pair: pair[1], reverse=bool(measure.higher))
    ends = [
        measure.scaled(value)
        for contestant, _ in found
        for value in (*contestant.values(name), *(contestant.interval(name) or ()))
    ]
    low, high = rounded_range(ends, about=5)
    if measure.share:
        low, high = max(0.0, low), min(100.0, high)
    scale = Scale(low, high, 0.0, 100.0)
    return {
        "protocol": short(name),
        "measure": measure,
        "ticks": [(scale(tick), f"{tick:g}") for tick in scale.ticks(5)],
        "rungs": [
            _rung(contestant, mean, name, comparison, scale)
            | {"rank": written(placed.get(contestant.name))}
            for contestant, mean in found
        ],
    }


def _rung(
    contestant: Contestant, mean: float, name: str, comparison: Comparison, scale: Scale
) -> dict[str, Any]:
    measure = comparison.measure(name)
    interval = contestant.interval(name)
    note = "sees labels" if contestant.sees_labels else "baseline" if contestant.baseline else ""
    return {
        "contestant": contestant,
        "text": measure.text(mean),
        "at": scale(measure.scaled(mean)),
        "seeds": [scale(measure.scaled(value)) for value in contestant.values(name)],
        "interval": (
            [min(max(scale(measure.scaled(end)), 0.0), 100.0) for end in interval]
            if interval
            else None
        ),
        "said": f"{measure.text(interval[0])} to {measure.text(interval[1])}" if interval else "",
        "note": note,
        "encoder": contestant.encoder,
    }
