"""Fairness (Sagawa et al., 2020), https://arxiv.org/abs/1911.08731.

Whom does the linear probe serve worst: which class, and which group of pictures?

The accuracy of ``linear`` class by class, and group by group where a CSV gives a column ``group`` (a patient, a
site, a camera). The number is the accuracy of the worst class; the gap is how far it lies below that of all
pictures.

The worst of many is low by chance alone, the more so the smaller they are. So its interval is that of the worst
*true* accuracy: Wilson intervals that hold for all classes (groups) together with 95 % (Bonferroni's), from the
lowest of their lower ends to the lowest of their upper ends. Pictures of one group go together, so that a class
counts as many as would be independent; of a group itself its own pictures tell. Groups with too few pictures to
tell are counted, not ranked.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from selftaught.evaluation import linear
from selftaught.evaluation.intervals import independent, wilson
from selftaught.evaluation.results import Pool, Result, Subject, curve
from selftaught.measures import Measure
from selftaught.types import Count

MEASURE = Measure("worst_class_accuracy", title="worst-class accuracy")


@dataclass(frozen=True)
class Share:
    """The accuracy within each of several parts of the queries.

    Attributes:
        names: number of each part: a class, a group.
        pictures: how many each has.
        accuracy, low, high: of each; the intervals hold for all together with 95 %.
    """

    names: list[int]
    pictures: list[int]
    accuracy: list[float]
    low: list[float]
    high: list[float]

    @property
    def worst(self) -> int:
        """Place of the lowest accuracy; of equals that with the most pictures."""
        places = range(len(self.names))
        return min(places, key=lambda i: (self.accuracy[i], -self.pictures[i]))

    @property
    def interval(self) -> list[float]:
        """Where the worst true accuracy lies."""
        return [min(self.low), min(self.high)]


def shares(
    right: Bool[Tensor, " m"],
    parts: Int64[Tensor, " m"],
    fewest: int = 1,
    together: Int64[Tensor, " m"] | None = None,
) -> Share | None:
    """Accuracy within the parts of at least ``fewest`` pictures; None where there is no such part.

    Args:
        right: which answers are.
        parts: the class or the group of each picture.
        fewest: pictures of a part that is ranked.
        together: groups of pictures that are right or wrong together; None where each stands alone.
    """
    names, place = torch.unique(parts, return_inverse=True)
    counts = place.bincount(minlength=len(names))
    hits = torch.zeros_like(counts).index_add_(0, place, right.long())
    kept = (counts >= fewest).nonzero().flatten()
    if len(kept) == 0:
        return None
    pictures, found = counts[kept].tolist(), hits[kept].tolist()
    confidence = 1 - 0.05 / len(kept)
    worth: list[int] | list[float] = pictures
    if together is not None:
        members = [place == part for part in kept.tolist()]
        worth = [independent(right[own], together[own], confidence) for own in members]
    counted = zip(found, pictures, worth, strict=True)
    ends = [wilson(h * w / n, w, confidence) for h, n, w in counted]
    return Share(
        names=names[kept].tolist(),
        pictures=pictures,
        accuracy=[h / n for h, n in zip(found, pictures, strict=True)],
        low=[low for low, _ in ends],
        high=[high for _, high in ends],
    )


def protocol(pool: Pool, subject: Subject, *, fewest: Count = 10) -> Result:
    """Accuracy on the worst class; the worst group, where there are groups, is in the scores.

    Args:
        fewest: pictures that a group must have to be ranked.
    """
    predictions = linear.learnt(pool).probe.predict(pool.queries).cpu()
    answers = pool.answers.cpu()
    right = predictions == answers
    mean = float(right.double().mean())
    numbers = None if subject.queries.groups is None else subject.queries.groups.cpu()
    classes = shares(right, answers, together=numbers)
    assert classes is not None
    worst = classes.worst
    scores = {
        "accuracy": mean,
        "gap": mean - classes.accuracy[worst],
        "mean_class_accuracy": sum(classes.accuracy) / len(classes.accuracy),
        "best_class_accuracy": max(classes.accuracy),
    }
    curves = {"accuracy_by_class": _drawn(classes, "class")}
    known = subject.splits.classes
    number = classes.names[worst]
    settings = {
        "worst_class": known[number] if number < len(known) else str(number),
        "worst_class_pictures": classes.pictures[worst],
        "interval": classes.interval,
        "probe": "that of linear",
        "chosen_on": pool.chosen_on,
    }
    if numbers is not None:
        groups = shares(right, numbers, fewest)
        every = len(torch.unique(numbers))
        settings["groups"] = every
        settings["groups_too_small_to_rank"] = every - (len(groups.names) if groups else 0)
        if groups is not None:
            scores["worst_group_accuracy"] = groups.accuracy[groups.worst]
            scores["group_gap"] = mean - groups.accuracy[groups.worst]
            settings["worst_group_pictures"] = groups.pictures[groups.worst]
            settings["worst_group_interval"] = groups.interval
            curves["accuracy_by_group"] = _drawn(groups, "group")
    return Result.measured(
        pool,
        MEASURE,
        classes.accuracy[worst],
        predictions=predictions,
        scores=scores,
        curves=curves,
        **settings,
    )


def _drawn(found: Share, across: str) -> dict[str, Any]:
    """A point for each part, with its interval."""
    return curve(
        found.names, found.accuracy, low=found.low, high=found.high, across=across, up="accuracy"
    )
