"""Each loss against a slow float64 loop written from its equation: this is what catches a factor of two."""

import math

import pytest
import torch
from torch import Tensor

from selftaught.methods.baselines.supervised import cross_entropy
from selftaught.methods.canonical_correlation.vicreg import covariance, invariance, variance
from selftaught.methods.metric_learning.simclr import nt_xent
from selftaught.methods.self_distillation.byol import regression


def random(n: int, p: int, seed: int = 0) -> Tensor:
    return torch.randn(n, p, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_nt_xent_is_equation_1_of_simclr(temperature: float) -> None:
    n = 6
    z = random(2 * n, 5)
    rows = z.tolist()
    losses = []
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        others = [math.exp(cosine(rows[i], rows[k]) / temperature) for k in range(2 * n) if k != i]
        losses.append(-math.log(math.exp(cosine(rows[i], rows[j]) / temperature) / sum(others)))
    expected = sum(losses) / (2 * n)
    assert nt_xent(z, temperature).item() == pytest.approx(expected, rel=1e-10)


def test_nt_xent_of_equal_rows_is_the_logarithm_of_the_others() -> None:
    assert nt_xent(torch.ones(8, 3), 0.5).item() == pytest.approx(math.log(7), rel=1e-6)


def test_byol_is_equation_2() -> None:
    p, t = random(7, 5), random(7, 5, seed=1)
    expected = 0.0
    for a, b in zip(p.tolist(), t.tolist(), strict=True):
        la, lb = math.sqrt(sum(x * x for x in a)), math.sqrt(sum(y * y for y in b))
        expected += sum((x / la - y / lb) ** 2 for x, y in zip(a, b, strict=True)) / 7
    assert regression(p, t).item() == pytest.approx(expected, rel=1e-10)


def test_byol_at_a_known_cosine() -> None:
    """cos = 0.3 gives 2 - 0.6 per direction, 2.8 for both: the authors' scale, not half of it."""
    p = torch.tensor([[1.0, 0.0]])
    t = torch.tensor([[0.3, math.sqrt(1 - 0.09)]])
    assert (2 * regression(p, t)).item() == pytest.approx(2.8, rel=1e-6)


@pytest.mark.parametrize(("n", "p"), [(9, 4), (4, 9)])
def test_vicreg_terms_are_equations_1_to_5(n: int, p: int) -> None:
    z, y = random(n, p), random(n, p, seed=1)
    columns = z.T.tolist()
    means = [sum(column) / n for column in columns]
    c = [
        [
            sum((columns[i][k] - means[i]) * (columns[j][k] - means[j]) for k in range(n)) / (n - 1)
            for j in range(p)
        ]
        for i in range(p)
    ]
    hinge = sum(max(0.0, 1 - math.sqrt(c[i][i] + 1e-4)) for i in range(p)) / p
    off = sum(c[i][j] ** 2 for i in range(p) for j in range(p) if i != j) / p
    apart = sum(
        (a - b) ** 2 for a, b in zip(z.flatten().tolist(), y.flatten().tolist(), strict=True)
    )
    assert variance(z).item() == pytest.approx(hinge, rel=1e-10)
    assert covariance(z).item() == pytest.approx(off, rel=1e-9)
    assert invariance(z, y).item() == pytest.approx(apart / (n * p), rel=1e-10)


@pytest.mark.parametrize(("n", "p"), [(5, 12), (12, 5)])
def test_vicreg_covariance_has_the_same_gradient_either_way(n: int, p: int) -> None:
    """The smaller of z'z and zz' is formed; both must give the plain definition's gradient."""
    z = random(n, p).requires_grad_()
    covariance(z).backward()
    plain = z.detach().clone().requires_grad_()
    centred = plain - plain.mean(dim=0)
    c = centred.T @ centred / (n - 1)
    ((c - c.diagonal().diag()).square().sum() / p).backward()
    torch.testing.assert_close(z.grad, plain.grad, rtol=1e-9, atol=1e-12)


def test_cross_entropy_leaves_out_pictures_without_a_label() -> None:
    logits = random(4, 3)
    labels = torch.tensor([0, -1, 2, 1])
    kept = [0, 2, 3]
    expected = 0.0
    for i in kept:
        row = logits[i].tolist()
        expected -= math.log(math.exp(row[int(labels[i])]) / sum(math.exp(x) for x in row)) / len(
            kept
        )
    assert cross_entropy(logits, labels, 0.0).item() == pytest.approx(expected, rel=1e-10)


def test_losses_widen_half_precision() -> None:
    z = random(16, 8).float()
    with torch.autocast("cpu", torch.bfloat16):
        value = nt_xent(z.bfloat16(), 0.1)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(nt_xent(z.bfloat16().float(), 0.1).item(), rel=1e-6)
