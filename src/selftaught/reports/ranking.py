"""Ranks that respect uncertainty: who cannot be told apart shares one."""

from collections.abc import Sequence
from statistics import fmean, variance
from typing import Any

from selftaught.reports.contestants import Comparison, Contestant

ENOUGH = 3
"""Seeds from which two contestants are told apart; under it nobody has a rank."""


def ranked(comparison: Comparison) -> list[Contestant]:
    """Those who may have a rank: methods that do not see labels and have finished runs."""
    return [
        contestant
        for contestant in comparison.methods
        if not any(run.row.get("sees_labels") for run in contestant.runs)
    ]


def ranks(comparison: Comparison, protocol: str) -> dict[str, int]:
    """One more than the number of methods on the same encoder that are better beyond doubt.

    The rule is that of Chatbot Arena (Chiang et al., 2024, https://arxiv.org/abs/2403.04132, section 4): so
    methods that cannot be told apart share a rank, and a rank says no more than the seeds do.

    Returns:
        Contestant to rank; without those of under three seeds, who have none, and empty where neither way
        of the protocol's measure is better.
    """
    able = [c for c in ranked(comparison) if len(c.values(protocol)) >= ENOUGH]
    higher = comparison.measure(protocol).higher
    if higher is None:
        return {}
    return {
        mine.name: 1
        + sum(
            beats(other, mine, protocol, comparison.facts, higher=higher)
            for other in able
            if other.encoder == mine.encoder and other is not mine
        )
        for mine in able
    }


def beats(
    ours: Contestant,
    theirs: Contestant,
    protocol: str,
    facts: dict[str, Any],
    *,
    higher: bool = True,
) -> bool:
    """Whether the 95 % interval of the difference lies above zero (below, where lower is better).

    The interval is the comparison's own where it gives one, and Welch's otherwise.
    """
    found = interval_between(ours, theirs, protocol, facts)
    return found is not None and (found[0] > 0 if higher else found[1] < 0)


def interval_between(
    ours: Contestant, theirs: Contestant, protocol: str, facts: dict[str, Any]
) -> tuple[float, float] | None:
    """The interval of ``ours - theirs``; None under three seeds."""
    for line in facts.get("differences") or []:
        if line.get("protocol") == protocol and line.get("interval"):
            low, high = line["interval"]
            if (line.get("ours"), line.get("theirs")) == (ours.name, theirs.name):
                return float(low), float(high)
            if (line.get("theirs"), line.get("ours")) == (ours.name, theirs.name):
                return -float(high), -float(low)
    return welch(ours.values(protocol), theirs.values(protocol))


def welch(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the difference of two means by Welch's t; None under three values a side."""
    if min(len(ours), len(theirs)) < ENOUGH:
        return None
    from scipy.stats import t

    gap = fmean(ours) - fmean(theirs)
    parts = [(variance(values) / len(values), len(values) - 1) for values in (ours, theirs)]
    square = sum(part for part, _ in parts)
    if square == 0:
        return gap, gap
    freedom = square**2 / sum(part**2 / degrees for part, degrees in parts)
    half = float(t.ppf(0.975, freedom)) * square**0.5
    return gap - half, gap + half


def tied(ranking: dict[str, int]) -> list[tuple[int, list[str]]]:
    """Each rank with those who share it, the best first."""
    return [
        (rank, [name for name, own in ranking.items() if own == rank])
        for rank in sorted(set(ranking.values()))
    ]
