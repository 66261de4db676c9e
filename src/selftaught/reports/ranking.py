"""Ranks that respect uncertainty: who cannot be told apart shares one."""

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
        better = [beats(other, mine, protocol, comparison.facts, higher=higher) for other in rivals]
        found[mine.name] = 1 + sum(better)
    return found


def beats(
    ours: Contestant,
    theirs: Contestant,
    protocol: str,
    facts: dict[str, Any],
    *,
    higher: bool = True,
) -> bool:
    """Whether the comparison tested the two and found ours better beyond doubt (``differences``)."""
    for line in facts.get("differences") or []:
        pair = (line.get("ours"), line.get("theirs"))
        if line.get("protocol") != protocol or set(pair) != {ours.name, theirs.name}:
            continue
        if line.get("gap") is None or line.get("p_corrected") is None:
            return False
        gap = line["gap"] if pair[0] == ours.name else -line["gap"]
        return bool(line["p_corrected"] < DOUBT and (gap > 0 if higher else gap < 0))
    return False
