"""Ranks that respect uncertainty: the places that a method may have, as far as seeds can tell."""

from collections.abc import Sequence
from typing import Any

from selftaught.measures import ENOUGH, SURE
from selftaught.reports.contestants import Comparison, Contestant

Places = tuple[int, int]
"""The best and the worst, from 1."""


def ranked(comparison: Comparison) -> list[Contestant]:
    """Those who may have a rank: methods that do not see labels and have finished runs."""
    return [contestant for contestant in comparison.methods if not contestant.sees_labels]


def places(comparison: Comparison, protocol: str) -> dict[str, Places]:
    """The best and the worst place that each method may have among those on its encoder.

    The best is one more than the number of methods that are better beyond doubt (Chatbot Arena; Chiang et al.,
    2024, https://arxiv.org/abs/2403.04132, section 4), the worst leaves those behind that are worse beyond
    doubt. One number alone would put a method whose seeds lie far apart, and which therefore nobody is seen to
    beat, before others of higher means.

    Returns:
        Contestant to places; without those of under three seeds, who have none, and empty where neither way
        of the protocol's measure is better.
    """
    able = [c for c in ranked(comparison) if len(c.values(protocol)) >= ENOUGH]
    higher = comparison.measure(protocol).higher
    if higher is None:
        return {}
    found = {}
    for mine in able:
        rivals = [other for other in able if other.encoder == mine.encoder and other is not mine]
        each = [outcome(mine, other, protocol, comparison.facts, higher=higher) for other in rivals]
        found[mine.name] = (1 + each.count(-1), 1 + len(rivals) - each.count(1))
    return found


def written(ends: Sequence[int] | None) -> str:
    """``1``, ``1–3``, or nothing for those that have no place."""
    if ends is None:
        return ""
    best, worst = ends
    return str(best) if best == worst else f"{best}–{worst}"


def outcome(
    ours: Contestant,
    theirs: Contestant,
    protocol: str,
    facts: dict[str, Any],
    *,
    higher: bool = True,
) -> int | None:
    """What the comparison found of the two (``differences``).

    Returns:
        1 where ours is better beyond doubt, -1 where theirs is, 0 where they cannot be told apart; None
        where the two were not tested.
    """
    for line in facts.get("differences") or []:
        pair = (line.get("ours"), line.get("theirs"))
        if line.get("protocol") != protocol or set(pair) != {ours.name, theirs.name}:
            continue
        if line.get("gap") is None or line.get("p_corrected") is None:
            return None
        if line["p_corrected"] >= SURE:
            return 0
        gap = line["gap"] if pair[0] == ours.name else -line["gap"]
        return 1 if (gap > 0 if higher else gap < 0) else -1
    return None


def beats(
    ours: Contestant,
    theirs: Contestant,
    protocol: str,
    facts: dict[str, Any],
    *,
    higher: bool = True,
) -> bool:
    """Whether the comparison tested the two and found ours better beyond doubt."""
    return outcome(ours, theirs, protocol, facts, higher=higher) == 1
