"""Few labels (Tian et al., 2020), https://arxiv.org/abs/2003.11539.

How good is a classifier that has a few labelled pictures of each class?

"Rethinking few-shot image classification: a good embedding is all you need?": L2-normalised frozen features and
scikit-learn's multinomial logistic regression; or the nearest class mean (Snell et al., 2017,
https://arxiv.org/abs/1703.05175). For each number of labels a class, that many pictures of each class are drawn
from the bank, many times over; every draw is read on all queries. Here all classes are told apart at once, not
five of them. Deviation: the authors fix C = 1 (``fewshot.strengths=1``), which underfits features that share a
large mean, as those of short trainings do; here C is chosen for each number of labels on held pictures.

The interval is Student's, of the mean over draws: it says how well the draws are averaged out. The queries and
the encoder are the same in all of them, so it says nothing of other encoders or other queries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from numpy import ndarray
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from selftaught.evaluation.results import Pool, Result, curve
from selftaught.keys import shuffle
from selftaught.types import Count, Counts, Numbers, Seed

ITERATIONS = 1000
"""Of the solver at most, as in the authors' code."""

CHOOSING = 10
"""Draws that choose the strength."""


def order(labels: Int64[Tensor, " n"], *, seed: int, draw: int) -> tuple[Tensor, Tensor]:
    """All rows in an order of that draw, and the place of each among those of its class.

    The rows whose place is below s are s pictures of each class (or all that a class has), so more labels hold
    those of fewer. It depends on labels, seed and draw alone: every encoder learns from the same pictures.
    """
    rows = shuffle(len(labels), seed, epoch=draw)
    rows = rows[labels[rows].argsort(stable=True)]
    before = labels.bincount().cumsum(0) - labels.bincount()
    return rows, torch.arange(len(rows)) - before[labels[rows]]


def classify(
    queries: Float[ndarray, "m d"],
    examples: Float[ndarray, "s d"],
    labels: Int64[ndarray, " s"],
    *,
    classifier: Literal["logistic", "centroid"],
    strength: float,
) -> Int64[ndarray, " m"]:
    """The class of each query; features are normalised already."""
    if classifier == "logistic":
        model = LogisticRegression(C=strength, max_iter=ITERATIONS).fit(examples, labels)
        return np.asarray(model.predict(queries))
    known = np.unique(labels)
    means = np.stack([examples[labels == c].mean(0) for c in known])
    # |q - mean|^2 without |q|^2, which is the same for every class.
    return np.asarray(known[((means**2).sum(1) - 2 * queries @ means.T).argmin(1)])


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean, by Student's t, within [0, 1]; of one value, itself."""
    if len(values) < 2:
        return values[0], values[0]
    half = float(student.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return max(fmean(values) - half, 0.0), min(fmean(values) + half, 1.0)


@dataclass(frozen=True)
class Shelf:
    """Normalised features with their labels, to learn from or to be read."""

    features: Float[ndarray, "n d"]
    labels: Int64[Tensor, " n"]

    @classmethod
    def of(cls, features: Tensor, labels: Tensor) -> "Shelf":
        return cls(F.normalize(features, dim=-1).cpu().numpy(), labels.cpu())


def accuracies(
    bank: Shelf,
    asked: Shelf,
    *,
    shots: int,
    draws: int,
    seed: int,
    classifier: Literal["logistic", "centroid"],
    strength: float,
) -> list[float]:
    """Accuracy on all that is asked, after each draw."""
    found = []
    for draw in range(draws):
        rows, place = order(bank.labels, seed=seed, draw=draw)
        some = rows[place < shots]
        guessed = classify(
            asked.features,
            bank.features[some.numpy()],
            bank.labels[some].numpy(),
            classifier=classifier,
            strength=strength,
        )
        found.append(float((guessed == asked.labels.numpy()).mean()))
    return found


def protocol(
    pool: Pool,
    *,
    shots: Counts = (1, 5, 10, 50, 100),
    draws: Count = 50,
    report: Count = 10,
    classifier: Literal["logistic", "centroid"] = "logistic",
    strengths: Numbers = (1.0, 10.0, 100.0),
    seed: Seed = 0,
) -> Result:
    """Mean accuracy over draws with ``report`` labels a class; the others are in the scores and the curve.

    Args:
        shots: labelled pictures of each class.
        draws: how many times they are drawn.
        report: which of ``shots`` gives the number; the nearest, where it is not among them.
        classifier: logistic regression, or the nearest class mean.
        strengths: candidates for the logistic regression's C, the inverse of its penalty.
        seed: where the draws begin.
    """
    counts = pool.labels.cpu().bincount(minlength=pool.classes)
    counts = counts[counts > 0]
    # More than the largest class has would draw the same pictures again.
    used = sorted({shot for shot in shots if shot <= int(counts.max())}) or [int(counts.max())]
    strengths = tuple(sorted(set(strengths))) if classifier == "logistic" else strengths[:1]
    bank, asked = Shelf.of(pool.bank, pool.labels), Shelf.of(pool.queries, pool.answers)
    fit = Shelf.of(pool.bank[pool.fit], pool.labels[pool.fit])
    held = Shelf.of(pool.bank[pool.held], pool.labels[pool.held])
    right, chosen = {}, {}
    for shot in used:
        tried = {
            strength: fmean(
                accuracies(
                    fit,
                    held,
                    shots=shot,
                    draws=min(draws, CHOOSING),
                    seed=seed,
                    classifier=classifier,
                    strength=strength,
                )
            )
            for strength in (strengths if len(strengths) > 1 else ())
        }
        chosen[shot] = max(tried, key=lambda c: tried[c]) if tried else strengths[0]
        right[shot] = accuracies(
            bank,
            asked,
            shots=shot,
            draws=draws,
            seed=seed,
            classifier=classifier,
            strength=chosen[shot],
        )
    said = min(used, key=lambda shot: (abs(shot - report), shot))
    ends = {shot: interval(values) for shot, values in right.items()}
    return Result(
        value=fmean(right[said]),
        settings={
            **pool.settings,
            "labels_a_class": said,
            "classifier": classifier,
            "features": "L2-normalised",
            "draws": draws,
            "interval": list(ends[said]),
            "classes_with_fewer": {
                str(shot): short for shot in used if (short := int((counts < shot).sum()))
            },
            "shots_left_out": sorted(set(shots) - set(used)),
            "strength": {str(shot): strength for shot, strength in chosen.items()},
            "chosen_on": pool.chosen_on if len(strengths) > 1 else "nothing is chosen",
        },
        scores={f"accuracy_with_{shot}": fmean(values) for shot, values in right.items()},
        curves={
            "accuracy_by_labels": curve(
                used,
                [fmean(right[shot]) for shot in used],
                low=[ends[shot][0] for shot in used],
                high=[ends[shot][1] for shot in used],
                across="labels a class",
                up="accuracy",
            )
        },
    )
