"""What may be said of a comparison: who is better than whom, how sure that is, and when it is not said.

Under three seeds the values, and no claim. From three on each neighbouring pair of methods, and each method
against what nobody trained, has its difference, 95 % interval and probability: by ``bootstrap`` over seeds and
test pictures together, or, where predictions were not kept or the number is no accuracy, by Welch's t over
seeds alone, which is said. "Beats" is said where the difference holds after Holm's correction for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selftaught import catalogue
from selftaught.comparison import bootstrap, statistics
from selftaught.evaluation import predictions
from selftaught.measures import ACCURACY, Measure
from selftaught.reports.wording import full_title

BAR = "random_patches"
"""The baseline that a short training has to clear; a method that does not is told so."""

SURE = 0.05
"""Corrected p-value under which one is said to beat the other."""

WORDS = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.0, "about as likely as not"),
)
"""Probabilities in words: Mastrandrea et al., "Guidance note on consistent treatment of uncertainties", IPCC
2010, table 1."""

Judged = Mapping[str, NDArray[np.bool_]]
"""Contestant to [s, m], whether each picture was classified rightly, by seed."""


def judged(
    directory: Path, split: str, rows: Sequence[dict[str, Any]], protocol: str | None
) -> dict[str, NDArray[np.bool_]]:
    """What was kept of every picture; a contestant with a seed on unknown or other pictures is left out."""
    if protocol is None:
        return {}
    found: dict[str, list[NDArray[np.bool_]] | None] = {}
    shared: NDArray[np.int32] | None = None
    for row in rows:
        if row["error"] is not None or protocol not in row["results"]:
            continue
        name = row["contestant"]
        one = predictions.right(directory / row["folder"], split, protocol)
        shared = one[0] if shared is None and one is not None else shared
        known = found.setdefault(name, [])
        if one is None or shared is None or not np.array_equal(one[0], shared):
            found[name] = None
        elif known is not None:
            known.append(one[1])
    return {name: np.stack(own) for name, own in found.items() if own}


def claimed(summary: Sequence[dict[str, Any]]) -> str | None:
    """The protocol that claims are made of: ``linear``, or the first whose measure has a better way."""
    names = dict.fromkeys(name for line in summary if line["seeds"] for name in line["results"])
    ordered = sorted(names, key=lambda name: name != "linear")
    lines = {name: line for line in summary for name in line["results"]}
    return next((n for n in ordered if _measure(lines[n], n).higher is not None), None)


def comparisons(
    summary: Sequence[dict[str, Any]], seeds: int, judged: Judged | None = None
) -> list[dict[str, Any]]:
    """Every difference that is spoken of, each with its interval; none under three seeds.

    Methods are held against each other, and against untrained weights, within one encoder only.

    Returns:
        ``ours``, ``theirs`` (contestants), ``encoder``, ``protocol``, ``measure``, then those of
        ``statistics.Difference``, ``p_corrected`` (Holm, over the differences on one encoder) and ``interval``,
        by which the page ranks (``reports/ranking.py``); ``gap`` is None where a contestant has under three
        finished seeds.
    """
    name = claimed(summary)
    if name is None or seeds < statistics.ENOUGH:
        return []
    found = []
    for encoder, own in _within(summary):
        order = _order(own, name)
        pairs = list(pairwise(order))
        for line in own:
            if line["method"] in (BAR, "untrained") and name in line["results"] and line["seeds"]:
                pairs += [(method, line) for method in order]
        each = [
            {
                "ours": ours["contestant"],
                "theirs": theirs["contestant"],
                "encoder": encoder,
                "protocol": name,
                "measure": _measure(ours, name).name,
                **_difference(ours, theirs, name, judged or {}),
            }
            for ours, theirs in pairs
        ]
        told = [difference for difference in each if difference["gap"] is not None]
        for difference, p in zip(told, bootstrap.holm([d["p"] for d in told]), strict=True):
            difference |= {"p_corrected": p, "interval": [difference["low"], difference["high"]]}
        found += each
    return found


def _difference(
    ours: dict[str, Any], theirs: dict[str, Any], name: str, judged: Judged
) -> dict[str, Any]:
    a, b = ours["values"][name], theirs["values"][name]
    if min(len(a), len(b)) < statistics.ENOUGH:
        return {"gap": None}
    both = [judged.get(line["contestant"]) for line in (ours, theirs)]
    if _measure(ours, name) == ACCURACY and both[0] is not None and both[1] is not None:
        return asdict(bootstrap.difference(both[0], both[1]))
    return asdict(statistics.welch(a, b))


def sentences(
    summary: Sequence[dict[str, Any]], seeds: int, found: Sequence[dict[str, Any]]
) -> list[str]:
    """What the differences say, and by what they were worked out.

    Args:
        found: of ``comparisons``.
    """
    name = claimed(summary)
    if name is None:
        return []
    parts = _within(summary)
    said = []
    for encoder, own in parts:
        place = f"{encoder}: " if len(parts) > 1 else ""
        order = _order(own, name)
        if order and seeds < statistics.ENOUGH:
            said.append(place + _values(order, name, seeds))
        these = [each for each in found if each["encoder"] == encoder]
        count = sum(each["gap"] is not None for each in these)
        said += [place + _sentence(each, _measure(order[0], name), count) for each in these]
    known = [each for each in found if each["gap"] is not None]
    return [*said, _how(known)] if known else said


def _within(summary: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Encoder to what may be compared on it; what brings an encoder of its own stands beside each."""
    architectures = dict.fromkeys(line["encoder"] for line in summary if line["encoder"])
    return [
        (each, [line for line in summary if line["encoder"] in (each, None)])
        for each in architectures
    ]


def _order(summary: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The methods that see no label and were judged, the better first."""
    taught = [
        line
        for line in summary
        if line["seeds"] and name in line["results"] and not line["sees_labels"]
        if line["family"] != "baselines"
    ]
    sign = -1 if not taught or _measure(taught[0], name).higher else 1
    return sorted(taught, key=lambda line: sign * line["results"][name]["mean"])


def _measure(line: dict[str, Any], name: str) -> Measure:
    return catalogue.measure(name, {"measure": line.get("measures", {}).get(name, ACCURACY.name)})


def _called(name: str, measure: Measure) -> str:
    """``linear accuracy``, ``retrieval mAP``"""
    return f"{name.replace('_', ' ')} {measure.written}"


def _values(order: Sequence[dict[str, Any]], name: str, seeds: int) -> str:
    measure = _measure(order[0], name)
    best = ", ".join(
        f"{full_title(x['contestant'])} {measure.phrase(x['results'][name]['mean'])}" for x in order
    )
    runs = "one seed" if seeds == 1 else f"{seeds} seeds"
    return (
        f"In these runs ({runs}), {_called(name, measure)}: {best}. "
        "Under three seeds no claim is made."
    )


def _sentence(each: dict[str, Any], measure: Measure, count: int) -> str:
    a, b = full_title(each["ours"]), full_title(each["theirs"])
    if each["gap"] is None:
        return f"{a} and {b} cannot be compared: one of them has under three finished seeds."
    of = _called(each["protocol"], measure)
    digits = ".1f" if measure.share else ".3g"
    ends = [f"{measure.scaled(each[key]):+{digits}}" for key in ("gap", "low", "high")]
    unit = f"points of {of}" if measure.share else f"in {of}"
    span = f"{ends[0]} {unit}, 95 % interval {ends[1]} to {ends[2]}"
    ahead = each["probability"] if measure.higher else 1 - each["probability"]
    leader, chance = (a, ahead) if ahead >= 0.5 else (b, 1 - ahead)
    if each["p_corrected"] < SURE:
        verb, way = ("beats", "better") if leader == a else ("stays behind", "worse")
        return f"{a} {verb} {b}: {span}; {_probability(chance)} to be the {way}."
    counted = f" once {count} comparisons are counted" if each["p"] < SURE else ""
    told = f"{a} and {b} cannot be told apart{counted}: {span}"
    return f"{told}; that {leader} is the better is {_probability(chance)}."


def _probability(chance: float) -> str:
    """``very likely (94 %)``"""
    word = next(word for least, word in WORDS if chance >= least)
    digits = 0 if chance < 0.99 else 1
    number = "over 99.9 %" if chance > 0.999 else f"{100 * chance:.{digits}f} %"
    return f"{word} ({number})"


def _how(found: Sequence[dict[str, Any]]) -> str:
    """By what the intervals were worked out, and for how many comparisons they were corrected."""
    together = "bootstrap over seeds and test pictures together"
    alone = "Welch's t over seeds alone"
    texts = {
        ("bootstrap",): together,
        (
            "Welch",
        ): f"{alone}; what was said of each picture was not kept, so the luck of the test pictures "
        "is not in them",
        (
            "Welch",
            "bootstrap",
        ): f"{together} where what was said of each picture was kept, {alone} elsewhere",
    }
    text = f"Intervals and probabilities: {texts[tuple(sorted({each['by'] for each in found}))]}"
    counts = [sum(each["encoder"] == other["encoder"] for each in found) for other in found]
    if max(counts) < 2:
        return f"{text}."
    return f"{text}. Who beats whom is corrected for {max(counts)} comparisons (Holm)."
