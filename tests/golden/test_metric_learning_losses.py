"""The losses of metric learning against slow float64 loops written from their equations."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from selftaught.methods.metric_learning import mocov3, nnclr
from selftaught.methods.metric_learning.dcl import decoupled
from selftaught.methods.metric_learning.mean_shift import mean_shift
from selftaught.methods.metric_learning.moco import info_nce
from selftaught.methods.metric_learning.spectral import attraction, repulsion, within
from selftaught.methods.metric_learning.supcon import kinds_of, supcon

Rows = list[list[float]]


def random(n: int, p: int, seed: int = 0) -> Tensor:
    return torch.randn(n, p, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def cosine(a: list[float], b: list[float]) -> float:
    return dot(a, b) / math.sqrt(dot(a, a)) / math.sqrt(dot(b, b))


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_supcon_is_equation_2(temperature: float) -> None:
    """The sum over positives stands outside the logarithm, each divided by |P(i)|."""
    kinds = [0, 1, 0, 2, 1, 0, 0, 1, 0, 2, 1, 0]  # two views of six pictures
    z = random(12, 5)
    rows = z.tolist()
    expected = 0.0
    for i in range(12):
        others = [a for a in range(12) if a != i]
        positives = [a for a in others if kinds[a] == kinds[i]]
        below = sum(math.exp(cosine(rows[i], rows[a]) / temperature) for a in others)
        for a in positives:
            share = math.exp(cosine(rows[i], rows[a]) / temperature) / below
            expected -= math.log(share) / len(positives) / 12
    assert supcon(z, torch.tensor(kinds), temperature).item() == pytest.approx(expected, rel=1e-10)


def test_a_picture_without_a_label_is_a_kind_of_its_own() -> None:
    kinds = kinds_of(torch.tensor([3, -1, 3, -1, 0])).tolist()
    assert kinds[0] == kinds[2] == 3
    assert kinds[4] == 0
    assert kinds[1] < 0 and kinds[3] < 0 and kinds[1] != kinds[3]


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_dcl_leaves_the_positive_out_of_the_denominator(temperature: float) -> None:
    n = 5
    z = random(2 * n, 4)
    rows = z.tolist()
    expected = 0.0
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        negatives = sum(
            math.exp(cosine(rows[i], rows[k]) / temperature)
            for k in range(2 * n)
            if k not in (i, j)
        )
        expected += (math.log(negatives) - cosine(rows[i], rows[j]) / temperature) / (2 * n)
    assert decoupled(z, temperature).item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("mu", [0.5, 100.0])
def test_the_spectral_loss_is_the_authors(mu: float) -> None:
    n, p = 6, 4
    z, y = random(n, p), random(n, p, seed=1)

    def shortened(rows: Rows) -> Rows:
        factors = [min(1.0, math.sqrt(mu / dot(row, row))) for row in rows]
        return [[x * f for x in row] for row, f in zip(rows, factors, strict=True)]

    a, b = shortened(z.tolist()), shortened(y.tolist())
    pulled = -2 * sum(dot(a[i], b[i]) for i in range(n)) / n
    pushed = sum(dot(a[i], b[j]) ** 2 for i in range(n) for j in range(n) if i != j)
    inside = within(z, mu), within(y, mu)
    assert attraction(*inside).item() == pytest.approx(pulled, rel=1e-10)
    assert repulsion(*inside).item() == pytest.approx(pushed / (n * (n - 1)), rel=1e-10)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_nnclr_contrasts_the_neighbour_with_every_prediction(temperature: float) -> None:
    n, p = 5, 4
    z, predictions, past = random(n, p), random(n, p, seed=1), random(9, p, seed=2)
    expected = 0.0
    for i, row in enumerate(z.tolist()):
        neighbour = max(past.tolist(), key=lambda each: cosine(row, each))
        scores = [math.exp(cosine(neighbour, q) / temperature) for q in predictions.tolist()]
        expected -= math.log(scores[i] / sum(scores)) / n
    found = nnclr.nearest(z, F.normalize(past, dim=-1))
    value = nnclr.contrast(predictions, found, temperature)
    assert value.item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("m", [0, 7])
def test_mean_shift_averages_the_distance_to_the_k_nearest_of_batch_and_queue(
    m: int, k: int
) -> None:
    n, p = 5, 4
    predictions, targets, past = random(n, p), random(n, p, seed=1), random(m, p, seed=2)
    bank = targets.tolist() + past.tolist()
    expected = 0.0
    for q, t in zip(predictions.tolist(), targets.tolist(), strict=True):
        near = sorted(bank, key=lambda row: -cosine(t, row))[:k]
        assert near[0] == t
        expected += sum(2 - 2 * cosine(q, row) for row in near) / k / n
    value = mean_shift(predictions, targets, F.normalize(past, dim=-1), k)
    assert value.item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("temperature", [0.07, 0.2])
def test_moco_is_equation_1(temperature: float) -> None:
    n, p = 5, 4
    q, key, past = random(n, p), random(n, p, seed=1), random(9, p, seed=2)
    expected = 0.0
    for a, b in zip(q.tolist(), key.tolist(), strict=True):
        own = math.exp(cosine(a, b) / temperature)
        others = sum(math.exp(cosine(a, row) / temperature) for row in past.tolist())
        expected -= math.log(own / (own + others)) / n
    value = info_nce(q, key, F.normalize(past, dim=-1), temperature)
    assert value.item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_moco_v3_is_algorithm_1(temperature: float) -> None:
    """Scaled by 2 T, so that the gradient's size does not depend on the temperature."""
    n, p = 5, 4
    q, keys = random(n, p), random(n, p, seed=1)
    expected = 0.0
    for i, row in enumerate(q.tolist()):
        scores = [math.exp(cosine(row, key) / temperature) for key in keys.tolist()]
        expected -= 2 * temperature * math.log(scores[i] / sum(scores)) / n
    assert mocov3.contrast(q, keys, temperature).item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, b: supcon(torch.cat([a, b]), torch.arange(16).repeat(2), 0.1),
        lambda a, b: decoupled(torch.cat([a, b]), 0.1),
        repulsion,
        lambda a, b: nnclr.contrast(a, b, 0.1),
        lambda a, b: mean_shift(a, b, b[:3], 4),
        lambda a, b: info_nce(a, b, b[:3], 0.07),
        lambda a, b: mocov3.contrast(a, b, 0.2),
    ],
)
def test_losses_widen_half_precision(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    a, b = (F.normalize(random(16, 8, seed), dim=-1).bfloat16() for seed in (0, 1))
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(a, b)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(a.float(), b.float()).item(), rel=1e-6)
