"""The page's first sentence: what the highest mean is worth, pair by pair."""

from collections.abc import Sequence
from functools import partial

from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.ranking import beats, outcome, places
from selftaught.reports.wording import full_title, listing, spoken


def headline(comparison: Comparison, protocol: str) -> str:
    """Whom the method of the best mean beats, from whom it cannot be told apart; then baselines, likewise.

    Pairs, and not an order: a method whose seeds lie far apart is beaten by nobody, and yet may have a lower
    mean than one that is. Nothing is said that the comparison did not test, and nothing at all of a single
    method or of several encoders.
    """
    placed = places(comparison, protocol)
    methods = [c for c in comparison.methods if c.name in placed]
    if len(methods) < 2 or len({c.encoder for c in methods}) != 1:
        return ""
    higher = bool(comparison.measure(protocol).higher)
    methods.sort(key=lambda c: c.mean(protocol) or 0.0, reverse=higher)
    among = _among_methods(comparison, protocol, methods, higher)
    return among + _among_baselines(comparison, protocol, methods[0], higher)


def _among_methods(
    comparison: Comparison, protocol: str, methods: Sequence[Contestant], higher: bool
) -> str:
    """Of the best mean: whom it beats, and whom it cannot be told apart from.

    Args:
        methods: from the best mean to the worst.
    """

    def said(contestants: Sequence[Contestant]) -> str:
        return _named(comparison, protocol, contestants, scattered)

    better = partial(beats, protocol=protocol, facts=comparison.facts, higher=higher)
    first, *others = methods
    beaten = [other for other in others if better(first, other)]
    level = [other for other in others if other not in beaten]
    # A mean below that of somebody beaten asks for its reason: seeds far apart.
    best_beaten = next((methods.index(c) for c in beaten), len(methods))
    scattered = [c for c in level if methods.index(c) > best_beaten]
    by, apart = f"By {spoken(protocol)},", "cannot be told apart"
    if not level:
        return f"{by} {said([first])} is better than {said(beaten)}."
    if beaten:
        return (
            f"{by} {said([first])} is better than {said(beaten)}, and {apart} from {said(level)}."
        )
    if any(better(one, other) for one in others for other in others):
        best = "highest" if higher else "lowest"
        return f"{by} {said([first])} has the {best} mean, and {apart} from {said(level)}."
    return f"{by} {said(methods)} {apart} on these seeds."


def _among_baselines(comparison: Comparison, protocol: str, first: Contestant, higher: bool) -> str:
    """Those that the best method is not seen to beat; what sees labels is no bar."""
    found = {
        c.name: outcome(first, c, protocol, comparison.facts, higher=higher)
        for c in comparison.contestants
        if c.baseline and not c.sees_labels
    }
    said = ""
    for result, words in ((-1, "Better than"), (0, "Not told apart from")):
        those = [c for c in comparison.contestants if found.get(c.name) == result]
        if those:
            named = _named(comparison, protocol, those)
            said += f" {words} {full_title(first.name)} among the baselines: {named}."
    return said


def _named(
    comparison: Comparison,
    protocol: str,
    contestants: Sequence[Contestant],
    scattered: Sequence[Contestant] = (),
) -> str:
    """``BYOL (80.5%) and SimCLR (64.4%, seeds from 57.7% to 69.5%)``"""
    measure = comparison.measure(protocol)
    words = []
    for each in contestants:
        ends = [measure.phrase(end(each.values(protocol))) for end in (min, max)]
        seeds = f", seeds from {ends[0]} to {ends[1]}" if each in scattered else ""
        words.append(f"{full_title(each.name)} ({measure.phrase(each.mean(protocol))}{seeds})")
    return listing(words)
