"""Losses of the family against slow float64 loops written from their equations."""

import cmath
import math

import pytest
import torch
from torch import Tensor

from selftaught.methods.canonical_correlation import barlow_twins, lejepa, swav, tico, wmse

Rows = list[list[float]]


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def unit(row: list[float]) -> list[float]:
    length = math.sqrt(dot(row, row))
    return [x / length for x in row]


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def correlations(z: Rows, y: Rows) -> Rows:
    """C_ij of Barlow Twins, with the biased deviations of a batch-norm."""
    n, p = len(z), len(z[0])

    def standard(rows: Rows) -> Rows:
        columns = []
        for j in range(p):
            column = [row[j] for row in rows]
            mean = sum(column) / n
            spread = math.sqrt(sum((x - mean) ** 2 for x in column) / n + 1e-5)
            columns.append([(x - mean) / spread for x in column])
        return columns

    a, b = standard(z), standard(y)
    return [[dot(a[i], b[j]) / n for j in range(p)] for i in range(p)]


@pytest.mark.parametrize(("n", "p"), [(9, 4), (4, 9)])
def test_barlow_twins_is_equation_1(n: int, p: int) -> None:
    z, y = random(n, p), random(n, p, seed=1)
    c = correlations(z.tolist(), y.tolist())
    on = sum((1 - c[i][i]) ** 2 for i in range(p))
    off = sum(c[i][j] ** 2 for i in range(p) for j in range(p) if i != j)
    assert barlow_twins.invariance(z, y).item() == pytest.approx(on, rel=1e-10)
    assert barlow_twins.redundancy(z, y).item() == pytest.approx(off, rel=1e-9)


@pytest.mark.parametrize(("n", "p"), [(5, 12), (12, 5)])
def test_barlow_twins_has_the_same_gradient_either_way(n: int, p: int) -> None:
    z, y = random(n, p).requires_grad_(), random(n, p, seed=1)
    barlow_twins.redundancy(z, y).backward()
    plain = z.detach().clone().requires_grad_()
    c = barlow_twins.standardise(plain).T @ barlow_twins.standardise(y) / n
    (c - c.diagonal().diag()).square().sum().backward()
    torch.testing.assert_close(z.grad, plain.grad, rtol=1e-9, atol=1e-12)


def test_barlow_twins_of_identical_and_decorrelated_views_is_nought() -> None:
    z = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    assert barlow_twins.invariance(z, z).item() == pytest.approx(0, abs=1e-9)
    assert barlow_twins.redundancy(z, z).item() == pytest.approx(0, abs=1e-12)


def test_standardisation_is_the_authors_batch_norm() -> None:
    z = random(7, 4)
    torch.testing.assert_close(
        barlow_twins.standardise(z), torch.nn.BatchNorm1d(4, affine=False).double()(z)
    )


def test_swav_is_equation_2() -> None:
    scores, q = random(5, 4), random(5, 4, seed=1).softmax(1)
    expected = 0.0
    for s, weights in zip(scores.tolist(), q.tolist(), strict=True):
        total = sum(math.exp(x / 0.1) for x in s)
        expected -= sum(
            w * math.log(math.exp(x / 0.1) / total) for x, w in zip(s, weights, strict=True)
        )
    assert swav.swapped_prediction(scores, q, 0.1).item() == pytest.approx(expected / 5, rel=1e-10)


def whitened(rows: Rows) -> Rows:
    """Centre, and solve L w = x for the Cholesky factor of the covariance, by hand."""
    n, p = len(rows), len(rows[0])
    mean = [sum(row[j] for row in rows) / n for j in range(p)]
    x = [[row[j] - mean[j] for j in range(p)] for row in rows]
    c = [[sum(row[i] * row[j] for row in x) / (n - 1) for j in range(p)] for i in range(p)]
    factor = [[0.0] * p for _ in range(p)]
    for i in range(p):
        for j in range(i + 1):
            left = c[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(left) if i == j else left / factor[j][j]
    answers = []
    for row in x:
        w: list[float] = []
        for i in range(p):
            w.append((row[i] - sum(factor[i][k] * w[k] for k in range(i))) / factor[i][i])
        answers.append(w)
    return answers


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("views", [2, 4])
def test_wmse_is_equation_6_over_the_pairs_of_views(views: int, normalise: bool) -> None:
    n, p, size = 12, 3, 6
    seen = unit if normalise else lambda row: [x / math.sqrt(p) for x in row]
    z = random(views, n, p)
    words = torch.randperm(n, generator=torch.Generator().manual_seed(2))[:, None]
    order = words[:, 0].argsort().tolist()
    expected, pairs = 0.0, 0
    for i in range(views):
        for j in range(i + 1, views):
            pairs += 1
            for start in range(0, n, size):
                rows = order[start : start + size]
                one = whitened([z[i, r].tolist() for r in rows])
                other = whitened([z[j, r].tolist() for r in rows])
                for a, b in zip(one, other, strict=True):
                    expected += sum((s - t) ** 2 for s, t in zip(seen(a), seen(b), strict=True))
    loss = wmse.whitened_mse(z, words, size, 0.0, normalise)
    assert loss.item() == pytest.approx(expected / (pairs * n), rel=1e-9)


def test_tico_is_the_algorithm_of_the_paper() -> None:
    n, p, beta = 6, 4, 0.9
    z, t, before = random(n, p), random(n, p, seed=1), random(p, p, seed=2)
    before = before @ before.T
    rows, targets = [unit(row) for row in z.tolist()], [unit(row) for row in t.tolist()]
    c = [
        [
            beta * before[i, j].item() + (1 - beta) * sum(row[i] * row[j] for row in rows) / n
            for j in range(p)
        ]
        for i in range(p)
    ]
    apart = sum(
        sum((a - b) ** 2 for a, b in zip(row, other, strict=True)) / 2
        for row, other in zip(rows, targets, strict=True)
    )
    energy = sum(row[i] * c[i][j] * row[j] for row in rows for i in range(p) for j in range(p))
    found = tico.second_moment(z, before, beta)
    torch.testing.assert_close(found, torch.tensor(c, dtype=torch.float64))
    assert tico.invariance(z, t).item() == pytest.approx(apart / n, rel=1e-10)
    assert tico.contrast(z, found).item() == pytest.approx(energy / n, rel=1e-10)


def test_tico_learns_through_the_current_part_of_the_covariance() -> None:
    z, before = random(6, 4).requires_grad_(), torch.zeros(4, 4, dtype=torch.float64)
    tico.contrast(z, tico.second_moment(z, before, 0.0)).backward()
    plain = z.detach().clone().requires_grad_()
    u = torch.nn.functional.normalize(plain, dim=-1)
    (u.T @ u / 6).square().sum().backward()  # mean z C z' with C = z'z / n
    torch.testing.assert_close(z.grad, plain.grad)


def test_sigreg_is_algorithm_1_of_lejepa() -> None:
    """All 17 points of the trapezoid rule on [-5, 5], with complex exponentials."""
    views, n, p, s = 2, 6, 3, 4
    z = random(views, n, p)
    directions = torch.nn.functional.normalize(random(s, p, seed=1), dim=-1)
    points = [-5 + 10 * k / 16 for k in range(17)]
    total = 0.0
    for view in z.tolist():
        for a in directions.tolist():
            seen = [dot(a, row) for row in view]
            values = []
            for t in points:
                phi = math.exp(-(t**2) / 2)
                found = sum(cmath.exp(1j * t * x) for x in seen) / n
                values.append(abs(found - phi) ** 2 * phi)
            area = sum((values[k] + values[k + 1]) / 2 * 10 / 16 for k in range(16))
            total += n * area
    assert lejepa.sigreg(z, directions).item() == pytest.approx(total / (views * s), rel=1e-10)


def test_sigreg_prefers_a_normal_cloud_to_a_collapsed_or_a_wide_one() -> None:
    z = random(1, 500, 4)
    directions = torch.nn.functional.normalize(random(16, 4, seed=1), dim=-1)
    good = lejepa.sigreg(z, directions)
    assert all(lejepa.sigreg(scale * z, directions) > 5 * good for scale in (0.0, 0.3, 3.0))


def test_the_prediction_of_lejepa_is_to_the_mean_of_the_full_views() -> None:
    z = random(4, 3, 2)
    expected = 0.0
    for n in range(3):
        for j in range(2):
            centre = (z[0, n, j].item() + z[1, n, j].item()) / 2
            expected += sum((z[v, n, j].item() - centre) ** 2 for v in range(4))
    assert lejepa.prediction(z, 2).item() == pytest.approx(expected / (4 * 3 * 2), rel=1e-10)
