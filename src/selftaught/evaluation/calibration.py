"""Calibration (Guo et al., 2017), https://arxiv.org/abs/1706.04599.

When the linear probe says that it is 80 % sure, is it right in 80 % of the cases?

    ECE   = sum over bins  |pictures in it| / |pictures|  |accuracy - mean confidence|
    Brier = mean over pictures of  sum over classes (probability - (1 if it is the class else 0))^2

with equal-width bins of the confidence, the largest probability (Brier, 1950, for the second: 0 to 2, less is
better). The probe is that of ``linear``. Temperature scaling divides the logits by a T > 0 that makes the
held pictures' labels most likely, under the probe of the same penalty that did not learn from them; it moves no
prediction. The number is that of the probe as it is; after scaling it is a score.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from scipy.optimize import minimize_scalar
from torch import Tensor

from selftaught.evaluation import linear
from selftaught.evaluation.intervals import wilson
from selftaught.evaluation.results import Pool, Result, accuracy, curve
from selftaught.measures import Measure
from selftaught.types import Count

MEASURE = Measure("expected_calibration_error", title="ECE", higher=False)

COLDEST, HOTTEST = 0.01, 100.0
"""Between which temperatures are looked for."""


def binned(
    confidence: Float[Tensor, " m"], right: Float[Tensor, " m"], count: int
) -> Float[Tensor, "bins 3"]:
    """Pictures, sum of confidences and how many are right, in each of the bins (low, high] of equal width."""
    place = (confidence.double() * count).ceil().long().clamp(1, count) - 1
    values = torch.stack([torch.ones_like(right), confidence, right], 1).double()
    return values.new_zeros(count, 3).index_add_(0, place, values)


def expected_error(table: Float[Tensor, "bins 3"]) -> float:
    """ECE from the bins."""
    return float((table[:, 1] - table[:, 2]).abs().sum() / table[:, 0].sum())


def brier(probabilities: Float[Tensor, "m k"], answers: Int64[Tensor, " m"]) -> float:
    """Mean squared distance between the probabilities and the answer's corner, from 0 to 2."""
    corner = F.one_hot(answers, probabilities.shape[1])
    return float((probabilities.double() - corner).square().sum(1).mean())


def temperature(logits: Float[Tensor, "h k"], labels: Int64[Tensor, " h"]) -> float:
    """The T under which the labels are most likely: the likelihood has one peak in 1 / T."""
    logits = logits.double()
    found = minimize_scalar(
        lambda log_t: float(F.cross_entropy(logits / math.exp(log_t), labels)),
        bounds=(math.log(COLDEST), math.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return math.exp(float(found.x))


def protocol(pool: Pool, *, bins: Count = 15) -> Result:
    """ECE of the linear probe; Brier score, and both after temperature scaling, are in the scores.

    Args:
        bins: of equal width, between 0 and 1.
    """
    probe = linear.learnt(pool).probe
    device = probe.bias.device
    chooser = linear.fit(
        pool.bank[pool.fit], pool.labels[pool.fit], classes=pool.classes, l2=probe.l2
    )
    t = temperature(chooser.logits(pool.bank[pool.held]), pool.labels[pool.held].to(device))
    logits, answers = probe.logits(pool.queries), pool.answers.to(device)
    predictions = logits.argmax(1)
    right = (predictions == answers).double()
    scores, curves, errors = {}, {}, []
    for name, scaled in (("", logits), ("_scaled", logits / t)):
        probabilities = scaled.softmax(1)
        table = binned(probabilities.max(1).values, right, bins)
        errors.append(expected_error(table))
        scores[f"brier{name}"] = brier(probabilities, answers)
        scores[f"negative_log_likelihood{name}"] = float(F.cross_entropy(scaled, answers))
        filled = table[table[:, 0] > 0].tolist()
        ends = [wilson(round(hits), round(count)) for count, _, hits in filled]
        curves[f"reliability{name}"] = curve(
            [sure / count for count, sure, _ in filled],
            [hits / count for count, _, hits in filled],
            low=[low for low, _ in ends],
            high=[high for _, high in ends],
            across="mean confidence",
            up="accuracy",
        )
    return Result.measured(
        pool,
        MEASURE,
        errors[0],
        predictions=predictions,
        scores={
            "expected_calibration_error_scaled": errors[1],
            **scores,
            "accuracy": accuracy(predictions, answers),
            "scaling_temperature": t,
        },
        curves=curves,
        l2=probe.l2,
        bins=f"{bins} of equal width",
        chosen_on=pool.chosen_on,
    )
