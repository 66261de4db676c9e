"""Ranks that respect uncertainty: who cannot be told apart shares one."""

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Any

from selftaught.reports.contestants import Comparison, Contestant

ENOUGH = 3
"""Seeds from which two contestants are told apart; under it nobody has a rank."""

DOUBT = 0.05
"""A corrected p-value under this settles who is better."""


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
    methods that cannot be told apart share a rank, and a rank says no more than the comparison's tests do.

    Returns:
        Contestant to rank; without those of under three seeds, who have none, and empty where neither way
        of the protocol's measure is better.
    """
    able = [c for c in ranked(comparison) if len(c.values(protocol)) >= ENOUGH]
    higher = comparison.measure(protocol).higher
    if higher is None:
        return {}
    found = {}
    for mine in able:
        rivals = [other for other in able if other.encoder == mine.encoder and other is not mine]
        pairs = len(rivals) * (len(rivals) + 1) // 2
        better = [
            beats(other, mine, protocol, comparison.facts, higher=higher, pairs=pairs)
            for other in rivals
        ]
        found[mine.name] = 1 + sum(better)
    return found


def beats(
    ours: Contestant,
    theirs: Contestant,
    protocol: str,
    facts: dict[str, Any],
    *,
    higher: bool = True,
    pairs: int = 1,
) -> bool:
    """Whether ours is better beyond doubt.

    The comparison's word holds (``differences``, corrected for how many it tested). A file of a version that
    tested neighbours alone has no word on the others: there the interval of the difference by Welch's t must
    leave zero out, as wide as so many ``pairs`` ask (Bonferroni).
    """
    for line in facts.get("differences") or []:
        pair = (line.get("ours"), line.get("theirs"))
        if line.get("protocol") != protocol or set(pair) != {ours.name, theirs.name}:
            continue
        if line.get("gap") is None or line.get("p_corrected") is None:
            return False
        gap = line["gap"] if pair[0] == ours.name else -line["gap"]
        return bool(line["p_corrected"] < DOUBT and (gap > 0 if higher else gap < 0))
    found = welch(ours.values(protocol), theirs.values(protocol), DOUBT / max(pairs, 1))
    return found is not None and (found[0] > 0 if higher else found[1] < 0)


def welch(
    ours: Sequence[float], theirs: Sequence[float], doubt: float = DOUBT
) -> tuple[float, float] | None:
    """Interval of the difference of two means by Welch's t; None under three values a side.

    Args:
        doubt: the share of such intervals that leave the truth out.
    """
    if min(len(ours), len(theirs)) < ENOUGH:
        return None
    from scipy.stats import t

    gap = fmean(ours) - fmean(theirs)
    parts = [(variance(values) / len(values), len(values) - 1) for values in (ours, theirs)]
    square = sum(part for part, _ in parts)
    if square == 0:  # seeds that say the same say nothing of how far others would stray
        return (-math.inf, math.inf) if gap else (0.0, 0.0)
    freedom = square**2 / sum(part**2 / degrees for part, degrees in parts)
    half = float(t.ppf(1 - doubt / 2, freedom)) * square**0.5
    return gap - half, gap + half
