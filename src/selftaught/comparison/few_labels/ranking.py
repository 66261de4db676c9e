"""Who reads better with a few labels, and how sure that is.

The accuracy of a contestant is that of a classifier which learns from these labels, over all pictures that
could have been drawn: each picture is judged by those of other groups (``readers.py``) and counts one over the
chance with which it was drawn (Hájek's ratio of Horvitz and Thompson's sums).

A labelled picture is asked and teaches: another draw would have given other questions and other teachers. An
interval from right and wrong alone, as if the classifiers were given, forgets the second; it held the truth
in 81 to 92 % where 95 were promised. So a bootstrap draws the labelled pictures with replacement and
everything is learnt anew, for all contestants from the same draws. It gives the deviation and not the level,
which falls where a third of the teachers is missing. Pictures of one group (a patient, a burst) are right or
wrong together, so groups are drawn and not pictures. Seeds are added as in ``comparison/bootstrap.py``.

Where somebody has three finished seeds, methods are compared, and not these encoders alone: then a pair of
which one has fewer is not compared. A baseline that no seed changes has enough.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from numpy.typing import NDArray
from torch import Tensor

from selftaught.comparison import bootstrap
from selftaught.comparison.bootstrap import REPLICATES
from selftaught.comparison.few_labels.readers import READERS, Groups, Reader
from selftaught.comparison.statistics import Difference
from selftaught.measures import ENOUGH, SURE

DRAWS = 400
"""Times that everything is learnt anew."""


@dataclass(frozen=True)
class Read:
    """What a reader found of one contestant.

    Attributes:
        values: [s] accuracy by seed.
        redrawn: [s, r] accuracy by seed and bootstrap.
    """

    values: Float[NDArray[Any], " s"]
    redrawn: Float[NDArray[Any], "s r"]


def bootstraps(n: int, *, seed: int = 0) -> Float64[Tensor, "r n"]:
    """How often each of n groups is drawn, in each bootstrap."""
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(float))


def read(
    reader: Reader,
    seeds: Sequence[Float[Tensor, "n _"]],
    labels: Int64[Tensor, " n"],
    weights: Float64[Tensor, " n"],
    drawn: Float64[Tensor, "r n"],
    groups: Groups = None,
) -> Read:
    """One contestant's accuracy by seed, as it is and under each bootstrap.

    Args:
        seeds: features of the labelled pictures, of each seed.
        weights: how many pictures each stands for.
        drawn: how often each was drawn, in each bootstrap.
        groups: of the pictures; None where each is one by itself.
    """
    once = torch.ones_like(drawn[:1])
    counts = torch.cat([once, drawn]) * weights
    shares = counts / counts.sum(1, keepdim=True)
    found = torch.stack(
        [
            (reader(features, labels, weights, torch.cat([once, drawn]), groups) * shares).sum(1)
            for features in seeds
        ]
    ).numpy()
    return Read(found[:, 0], found[:, 1:])


def interval(weights: Float64[Tensor, " g"], *parts: tuple[int, Read]) -> Difference:
    """A sum of contestants' accuracies, each with its sign, and its 95 % interval.

    Args:
        weights: how many pictures each group stands for.
    """
    random = np.random.default_rng(0)
    gap = float(sum(sign * own.values.mean() for sign, own in parts))
    moved = np.sum([sign * own.redrawn.mean(0) for sign, own in parts], axis=0)
    moved = moved - moved.mean()
    joint = [
        bootstrap.residual(own.redrawn) / len(own.values) for _, own in parts if len(own.values) > 1
    ]
    effective = float(weights.sum() ** 2 / weights.square().sum())
    return bootstrap.together(
        gap,
        random.choice(moved, REPLICATES),
        float(moved.var(ddof=1)),
        sum(joint, start=0.0),
        [(sign, own.values) for sign, own in parts],
        max(effective - 1, 1.0),
        random,
    )


def ranked(
    contestants: Sequence[dict[str, Any]],
    features: dict[str, list[Float[Tensor, "n _"]]],
    labels: Int64[Tensor, " n"],
    chances: Float64[Tensor, " n"],
    groups: Groups = None,
) -> dict[str, Any]:
    """Accuracies, differences and ranks by every reader.

    Args:
        contestants: each with ``contestant``, ``family``, ``encoder``, ``sees_labels`` and ``seeds``, how many
            have finished, None where no seed changes it.
        features: contestant to features of the labelled pictures, of each seed.
        labels: their classes.
        chances: with which they were drawn.
        groups: 0, 1, ... of the pictures; None where each is one by itself.

    Returns:
        ``seeds``, the fewest that a contestant has, 0 where no seed changes any; ``groups``, how many;
        ``summary``, a line a contestant: by reader ``results`` (mean, 95 % interval), ``values`` by seed and
        ``ranks``, the best and the worst place that a method may have among others on its encoder;
        ``differences``, a line a reader and pair, as ``claims.comparisons`` has them, ``gap`` None where one
        has too few seeds; ``least``, by reader half the width of the median interval of a difference.
    """
    weights = 1 / chances
    groups = torch.arange(len(labels)) if groups is None else groups
    stand_for = weights.new_zeros(int(groups.max()) + 1).index_add(0, groups, weights)
    drawn = bootstraps(len(stand_for))[:, groups]
    lines = [line for line in contestants if features.get(line["contestant"])]
    few = too_few(lines)
    summary = [{**line, "results": {}, "values": {}, "ranks": {}} for line in lines]
    differences: list[dict[str, Any]] = []
    least: dict[str, float] = {}
    for name, reader in READERS.items():
        found = {
            own: read(reader, features[own], labels, weights, drawn, groups)
            for own in (line["contestant"] for line in lines)
        }
        for line in summary:
            own = found[line["contestant"]]
            span = interval(stand_for, (1, own))
            line["values"][name] = own.values.tolist()
            line["results"][name] = {
                "mean": span.gap,
                "interval": [max(span.low, 0.0), min(span.high, 1.0)],
            }
        new: list[dict[str, Any]] = []
        for encoder, ours, theirs in pairs(lines):
            new.append({"encoder": encoder, "reader": name, "ours": ours, "theirs": theirs})
            if few & {ours, theirs}:
                new[-1]["gap"] = None
            else:
                new[-1] |= asdict(interval(stand_for, (1, found[ours]), (-1, found[theirs])))
        told = [each for each in new if each["gap"] is not None]
        for encoder in {each["encoder"] for each in told}:
            own_ = [each for each in told if each["encoder"] == encoder]
            for each, p in zip(own_, bootstrap.holm([d["p"] for d in own_]), strict=True):
                each["p_corrected"] = p
        differences += new
        if told:
            least[name] = median((each["high"] - each["low"]) / 2 for each in told)
        _place(summary, new, name)
    seeds = min((line["seeds"] for line in lines if line["seeds"] is not None), default=0)
    return {
        "seeds": seeds,
        "groups": len(stand_for),
        "summary": summary,
        "differences": differences,
        "least": least,
    }


def pairs(lines: Sequence[dict[str, Any]]) -> list[tuple[str | None, str, str]]:
    """Encoder, ours and theirs: methods on one encoder with each other, then each with every baseline."""
    found = []
    for encoder in dict.fromkeys(line["encoder"] for line in lines if able(line)):
        own = [line["contestant"] for line in lines if able(line) and line["encoder"] == encoder]
        bars = [
            line["contestant"]
            for line in lines
            if line["family"] == "baselines" and line["encoder"] in (encoder, None)
        ]
        found += [(encoder, a, b) for a, b in combinations(own, 2)]
        found += [(encoder, a, b) for a in own for b in bars]
    return found


def too_few(lines: Sequence[dict[str, Any]]) -> set[str]:
    """Contestants with under three finished seeds, where another has three; none where nobody has."""
    seeds = {line["contestant"]: line["seeds"] for line in lines if line["seeds"] is not None}
    if max(seeds.values(), default=0) < ENOUGH:
        return set()
    return {name for name, count in seeds.items() if count < ENOUGH}


def able(line: dict[str, Any]) -> bool:
    """Whether a contestant may have a rank: a method that sees no labels."""
    return line["family"] != "baselines" and not line["sees_labels"]


def _place(summary: list[dict[str, Any]], differences: list[dict[str, Any]], name: str) -> None:
    """One more than the number of methods that are better beyond doubt, to those that are not worse."""
    methods = {line["contestant"]: line for line in summary if able(line)}
    for mine, line in methods.items():
        rivals = [n for n, o in methods.items() if n != mine and o["encoder"] == line["encoder"]]
        if not rivals:
            continue
        beaten = sum(beats(mine, other, differences) for other in rivals)
        behind = sum(beats(other, mine, differences) for other in rivals)
        line["ranks"][name] = [1 + behind, 1 + len(rivals) - beaten]


def beats(one: str, other: str, differences: Sequence[dict[str, Any]]) -> bool:
    """Whether one is better beyond doubt, by the differences of one reader."""
    for each in differences:
        if {each["ours"], each["theirs"]} != {one, other} or each["gap"] is None:
            continue
        if each["p_corrected"] < SURE:
            return bool((each["gap"] > 0) == (each["ours"] == one))
    return False
