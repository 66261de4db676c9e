"""What may be said of a comparison: who is better than whom, how sure that is, and when it is not said.

Under three seeds the values, and no claim. From three on each pair of methods, and each method against what
nobody trained, has its difference, 95 % interval and probability: by ``bootstrap`` over seeds and test
pictures together, or, where predictions were not kept or the number is no accuracy, by Welch's t over seeds
alone, which is said. Sentences speak of neighbours in the order of means, ranks rest on all
(``reports/ranking.py``). "Beats" is said where the difference holds after Holm's correction for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selftaught import catalogue
from selftaught.comparison import bootstrap, statistics
from selftaught.evaluation import predictions
from selftaught.measures import ACCURACY, ENOUGH, SURE, Measure
from selftaught.reports.wording import full_title

BAR = "random_patches"
"""The baseline that a short training has to clear; a method that does not is told so."""

WORDS = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.0, "about as likely as not"),
)
"""Probabilities in words: Mastrandrea et al., "Guidance note on consistent treatment of uncertainties", IPCC
2010, table 1."""


@dataclass(frozen=True)
class Judged:
    """What was kept of every picture, by one protocol.

    Attributes:
        right: contestant to [s, m], whether each picture was classified rightly, by seed.
        groups: [m], a number for each group of pictures; None where each stands for itself.
    """

    right: Mapping[str, NDArray[np.bool_]]
    groups: NDArray[np.int32] | None = None


def judged(directory: Path, split: str, rows: Sequence[dict[str, Any]], protocol: str) -> Judged:
    """What was kept; a contestant with a seed on unknown or other pictures is left out.

    So is one whose answers are not those of its recorded number: they belong to another reading.
    """
    found: dict[str, list[NDArray[np.bool_]] | None] = {}
    shared: predictions.Answers | None = None
    for row in rows:
        if row["error"] is not None or protocol not in row["results"]:
            continue
        name = row["contestant"]
        one = predictions.answers(directory / row["folder"], split, protocol)
        if one is not None and not _of(one, row["results"][protocol]):
            one = None
        shared = shared or one
        known = found.setdefault(name, [])
        if one is None or shared is None or not np.array_equal(one.index, shared.index):
            found[name] = None
        elif known is not None:
            known.append(one.right)
    right = {name: np.stack(own) for name, own in found.items() if own}
    alone = shared is None or len(np.unique(shared.groups)) == len(shared.groups)
    return Judged(right, None if shared is None or alone else shared.groups)


def _of(answers: predictions.Answers, result: dict[str, Any]) -> bool:
    """Whether these answers gave that number, where it is an accuracy."""
    known = result.get(ACCURACY.name)
    return known is None or abs(float(answers.right.mean()) - known) < 1e-6


def claimed(summary: Sequence[dict[str, Any]]) -> str | None:
    """The protocol that sentences speak of: ``linear``, or the first whose measure has a better way."""
    return next(iter(sorted(ranking_protocols(summary), key=lambda name: name != "linear")), None)


def ranking_protocols(summary: Sequence[dict[str, Any]]) -> list[str]:
    """The protocols that have a better way, in the order of the results."""
    lines = {name: line for line in summary if line["seeds"] for name in line["results"]}
    return [name for name, line in lines.items() if _measure(line, name).higher is not None]


def comparisons(
    summary: Sequence[dict[str, Any]], seeds: int, judged: Mapping[str, Judged] | None = None
) -> list[dict[str, Any]]:
    """Every difference, each with its interval; none under three seeds.

    Methods are held against each other, and against untrained weights, within one encoder only; a contestant
    with under three finished seeds is held against nobody.

    Args:
        judged: by protocol.

    Returns:
        ``ours``, ``theirs`` (contestants), ``encoder``, ``protocol``, ``measure``, then those of
        ``statistics.Difference``, ``groups`` (of pictures that were drawn together; None for single ones),
        ``p_corrected`` (Holm, over the differences on one encoder by one protocol) and ``interval``.
    """
    if seeds < ENOUGH:
        return []
    found = []
    for name in ranking_protocols(summary):
        for encoder, own in _within(summary):
            order = [line for line in _order(own, name) if _enough(line, name)]
            pairs = list(combinations(order, 2))
            for line in own:
                if line["method"] in (BAR, "untrained") and _enough(line, name):
                    pairs += [(method, line) for method in order]
            each = [
                {
                    "ours": ours["contestant"],
                    "theirs": theirs["contestant"],
                    "encoder": encoder,
                    "protocol": name,
                    "measure": _measure(ours, name).name,
                    **_difference(ours, theirs, name, (judged or {}).get(name)),
                }
                for ours, theirs in pairs
            ]
            for difference, p in zip(each, bootstrap.holm([d["p"] for d in each]), strict=True):
                interval = [difference["low"], difference["high"]]
                difference |= {"p_corrected": p, "interval": interval}
            found += each
    return found


def _enough(line: dict[str, Any], name: str) -> bool:
    return len(line["values"].get(name, [])) >= ENOUGH


def _difference(
    ours: dict[str, Any], theirs: dict[str, Any], name: str, judged: Judged | None
) -> dict[str, Any]:
    if judged is not None and _measure(ours, name) == ACCURACY:
        both = [judged.right.get(line["contestant"]) for line in (ours, theirs)]
        if both[0] is not None and both[1] is not None:
            found = bootstrap.difference(both[0], both[1], judged.groups)
            groups = None if judged.groups is None else len(np.unique(judged.groups))
            return asdict(found) | {"groups": groups}
    return asdict(statistics.welch(ours["values"][name], theirs["values"][name])) | {"groups": None}


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
    parts, found = _within(summary), [each for each in found if each["protocol"] == name]
    said = []
    for encoder, own in parts:
        place = f"{encoder}: " if len(parts) > 1 else ""
        order = _order(own, name)
        if order and seeds < ENOUGH:
            said.append(place + _values(order, name, seeds))
            continue
        said += [place + _lacking(line, seeds) for line in order if not _enough(line, name)]
        able = [line["contestant"] for line in order if _enough(line, name)]
        neighbours = set(pairwise(able))
        these = [each for each in found if each["encoder"] == encoder]
        said += [
            place + _sentence(each, _measure(order[0], name), len(these))
            for each in these
            if (each["ours"], each["theirs"]) in neighbours or each["theirs"] not in able
        ]
    return [*said, _how(found)] if found else said


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


def _lacking(line: dict[str, Any], seeds: int) -> str:
    finished = "one finished seed" if line["seeds"] == 1 else f"{line['seeds']} finished seeds"
    return (
        f"{full_title(line['contestant'])} is compared with nobody: it has {finished} of {seeds}, and "
        "a claim needs three."
    )


def _sentence(each: dict[str, Any], measure: Measure, count: int) -> str:
    a, b = full_title(each["ours"]), full_title(each["theirs"])
    of = _called(each["protocol"], measure)
    digits = ".1f" if measure.share else ".3g"
    ends = [f"{measure.scaled(each[key]):+{digits}}" for key in ("gap", "low", "high")]
    unit = f"points of {of}" if measure.share else f"in {of}"
    span = f"{ends[0]} {unit}, 95 % interval {ends[1]} to {ends[2]}"
    ahead = each["probability"] if measure.higher else 1 - each["probability"]
    if each["low"] == each["high"] and each["gap"]:
        return (
            f"{a} and {b} cannot be told apart: {ends[0]} {unit} in every seed, and values that are all the "
            "same do not say how far other seeds would stray."
        )
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
    pictures = (
        "groups of test pictures" if any(each["groups"] for each in found) else "test pictures"
    )
    together = f"bootstrap over seeds and {pictures} together"
    alone, forgotten = "Welch's t over seeds alone", "the luck of the test pictures is not in them"
    missing = (
        "what was said of each picture was not kept"
        if found[0]["measure"] == ACCURACY.name
        else "this number is no accuracy"
    )
    texts = {
        ("bootstrap",): together,
        ("Welch",): f"{alone}; {missing}, so {forgotten}",
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
