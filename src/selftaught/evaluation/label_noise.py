"""False labels (Zhang et al., 2017), https://arxiv.org/abs/1611.03530.

How much of its accuracy does a linear probe keep when part of the labels it learns from are false?

Symmetric noise: with the given probability a label is replaced by one drawn from all classes alike, so that
with k classes 1 / k of the replaced ones stay right by chance, and the right class stays the commonest. The
encoder is frozen; one that saw labels itself saw the right ones. The strength of the penalty is chosen again
for each share of noise, on held pictures whose labels are as false; the queries' labels are right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from selftaught.evaluation import linear
from selftaught.evaluation.results import Pool, Result, accuracy, curve
from selftaught.measures import Measure
from selftaught.parts.false_labels import replaced
from selftaught.types import Share, Shares

MEASURE = Measure("noisy_accuracy", title="accuracy under label noise")


@dataclass(frozen=True)
class Noisy:
    """A probe that learnt from false labels: its accuracy on the queries, and its strength of penalty."""

    share: float
    accuracy: float
    l2: float


def falsified(labels: Int64[Tensor, " n"], share: Share) -> Int64[Tensor, " n"]:
    """The bank's labels, each replaced with probability ``share`` by one of those that are in it."""
    rows = torch.arange(len(labels), device=labels.device)
    return replaced(labels, rows, share, torch.unique(labels))


def learnt(pool: Pool, shares: Shares) -> list[Noisy]:
    """A probe for each share of noise, 0 among them, in rising order."""
    found = []
    for share in sorted({0.0, *shares}):
        labels = falsified(pool.labels, share)
        l2 = linear.best(linear.tried(pool, labels))
        probe = linear.fit(pool.bank, labels, classes=pool.classes, l2=l2)
        right = accuracy(probe.predict(pool.queries).to(pool.answers.device), pool.answers)
        found.append(Noisy(share, right, l2))
    return found


def scores(found: Sequence[Noisy]) -> dict[str, float]:
    """The accuracy at each share, by name."""
    return {f"label_noise_{100 * each.share:g}_accuracy": each.accuracy for each in found}


def drawn(found: Sequence[Noisy]) -> dict[str, Any]:
    """The curve of accuracy against the share of noise."""
    return curve(
        [each.share for each in found],
        [each.accuracy for each in found],
        across="share of labels that are replaced",
        up="accuracy",
    )


def protocol(pool: Pool, *, shares: Shares = (0.0, 0.2, 0.4, 0.6, 0.8)) -> Result:
    """The mean over the shares above 0; the accuracy at each is in the scores and the curve.

    Args:
        shares: probabilities with which a label is replaced by one of any class.
    """
    found = learnt(pool, shares)
    noisy = found[1:] or found
    return Result.measured(
        pool,
        MEASURE,
        sum(each.accuracy for each in noisy) / len(noisy),
        scores=scores(found),
        curves={"label_noise": drawn(found)},
        l2={f"{each.share:g}": each.l2 for each in found},
        chosen_on=pool.chosen_on,
        noise="symmetric: a replaced label is drawn from all classes",
    )
