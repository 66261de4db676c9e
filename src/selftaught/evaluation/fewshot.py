"""Few labels (Tian et al., 2020), https://arxiv.org/abs/2003.11539.

How good is a classifier that has a few labelled pictures of each class?

"Rethinking few-shot image classification: a good embedding is all you need?": L2-normalised frozen features and
scikit-learn's multinomial logistic regression with C = 1, as in the authors' code; or the nearest class mean
(Snell et al., 2017, https://arxiv.org/abs/1703.05175). For each number of labels a class, that many pictures of
each class are drawn from the bank, many times over; every draw is read on all queries. Here all classes are
told apart at once, not five of them.

The interval is Student's, of the mean over draws: it says how well the draws are averaged out. The queries and
the encoder are the same in all of them, so it says nothing of other encoders or other queries.
"""

from collections.abc import Sequence
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
from selftaught.types import Count, Counts, Positive, Seed

ITERATIONS = 1000
"""Of the solver at most, as in the authors' code."""


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


def protocol(
    pool: Pool,
    *,
    shots: Counts = (1, 5, 10, 50, 100),
    draws: Count = 50,
    report: Count = 10,
    classifier: Literal["logistic", "centroid"] = "logistic",
    strength: Positive = 1.0,
    seed: Seed = 0,
) -> Result:
    """Mean accuracy over draws with ``report`` labels a class; the others are in the scores and the curve.

    Args:
        shots: labelled pictures of each class.
        draws: how many times they are drawn.
        report: which of ``shots`` gives the number; the nearest, where it is not among them.
        classifier: logistic regression, or the nearest class mean.
        strength: C of the logistic regression: the inverse of its penalty.
        seed: where the draws begin.
    """
    labels = pool.labels.cpu()
    counts = labels.bincount(minlength=pool.classes)
    counts = counts[counts > 0]
    # More than the largest class has would draw the same pictures again.
    used = sorted({shot for shot in shots if shot <= int(counts.max())}) or [int(counts.max())]
    bank = F.normalize(pool.bank, dim=-1).cpu().numpy()
    queries = F.normalize(pool.queries, dim=-1).cpu().numpy()
    answers = pool.answers.cpu().numpy()
    right: dict[int, list[float]] = {shot: [] for shot in used}
    for draw in range(draws):
        rows, place = order(labels, seed=seed, draw=draw)
        for shot in used:
            some = rows[place < shot]
            found = classify(
                queries,
                bank[some.numpy()],
                labels[some].numpy(),
                classifier=classifier,
                strength=strength,
            )
            right[shot].append(float((found == answers).mean()))
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
            "chosen_on": "nothing is chosen",
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
