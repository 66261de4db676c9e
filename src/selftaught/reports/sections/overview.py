"""Who was read best, how sure that is, and against what."""

from typing import Any

from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.drawing import Scale, rounded_range
from selftaught.reports.ranking import ENOUGH, ranks
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import full_title, listing, short, spoken

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
        headline=_headline(comparison, ladders[0]),
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
    ranking = ranks(comparison, name)
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
        "spoken": spoken(name),
        "measure": measure,
        "ranked": bool(ranking),
        "ranking": ranking,
        "means": {c.name: mean for c, mean in found},
        "ticks": [(scale(tick), f"{tick:g}") for tick in scale.ticks(5)],
        "rungs": [
            _rung(contestant, mean, name, comparison, scale)
            | {"rank": ranking.get(contestant.name)}
            for contestant, mean in found
        ],
    }


def _rung(
    contestant: Contestant, mean: float, name: str, comparison: Comparison, scale: Scale
) -> dict[str, Any]:
    measure = comparison.measure(name)
    interval = contestant.interval(name)
    sees_labels = any(run.row.get("sees_labels") for run in contestant.runs)
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
        "note": "sees labels" if sees_labels else "baseline" if contestant.baseline else "",
        "encoder": contestant.encoder,
    }


def _headline(comparison: Comparison, ladder: dict[str, Any]) -> str:
    """The first protocol's ranking in a sentence; nothing is said that the ranks do not."""
    ranking: dict[str, int] = ladder["ranking"]
    measure = ladder["measure"]
    encoders = {c.encoder for c in comparison.methods if c.name in ranking}
    if not ranking or len(encoders) != 1 or len(ranking) < 2:
        return ""
    means = ladder["means"]
    order = sorted(ranking, key=lambda name: (ranking[name], -means[name]))

    def said(names: list[str]) -> str:
        return listing([f"{full_title(name)} ({measure.phrase(means[name])})" for name in names])

    best = [name for name in order if ranking[name] == 1]
    rest = [name for name in order if ranking[name] > 1]
    if not rest:
        return f"By {ladder['spoken']}, {said(best)} cannot be told apart on these seeds."
    sentence = f"By {ladder['spoken']}, {said(best)} "
    sentence += (
        "stands first" if len(best) == 1 else "share the first rank: they cannot be told apart"
    )
    return f"{sentence}. Behind: {said(rest)}."
