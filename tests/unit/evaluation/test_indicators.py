"""RankMe, alpha-ReQ and LiDAR: against numpy and scikit-learn, and at the values that theory gives them."""

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression

from selftaught.evaluation import indicators, spectrum


def noise(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def falling(n: int, d: int, alpha: float) -> torch.Tensor:
    """Centred features whose covariance has eigenvalues j ** -alpha exactly."""
    ones = torch.ones(n, 1, dtype=torch.float64)
    basis = torch.linalg.qr(torch.cat([ones, noise(n, d).double()], 1)).Q[:, 1:]
    j = torch.arange(1, d + 1, dtype=torch.float64)
    turn = torch.linalg.qr(noise(d, d, 1).double()).Q
    return basis * j ** (-alpha / 2) @ turn * 20


@pytest.mark.parametrize("shape", [(200, 30), (30, 200)])
def test_rankme_equals_numpy_and_is_not_centred(shape: tuple[int, int]) -> None:
    x = noise(*shape) @ torch.diag(torch.logspace(0, -2, shape[1])) + 1
    values = np.linalg.svd(x.double().numpy(), compute_uv=False)
    p = values / values.sum() + 1e-7
    expected = np.exp(-(p * np.log(p)).sum())
    assert indicators.rankme(x) == pytest.approx(expected, rel=1e-5)
    assert abs(indicators.rankme(x) / spectrum.effective_rank(x) - 1) > 0.01
    assert indicators.rankme(x - x.mean(0)) == pytest.approx(spectrum.effective_rank(x), rel=1e-4)


def test_rankme_of_orthogonal_directions_counts_them() -> None:
    x = torch.linalg.qr(noise(50, 7)).Q @ torch.linalg.qr(noise(16, 7)).Q.T
    assert indicators.rankme(x) == pytest.approx(7, rel=1e-4)
    assert indicators.rankme(torch.ones(50, 16)) == pytest.approx(1, rel=1e-4)
    assert indicators.rankme(torch.zeros(50, 16)) == 0


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_alpha_req_finds_the_exponent_of_a_power_law(alpha: float) -> None:
    found = indicators.alpha_req(falling(400, 120, alpha))
    assert found["alpha"] == pytest.approx(alpha, rel=1e-6)
    assert found["r2"] == pytest.approx(1)


@pytest.mark.parametrize("shape", [(500, 150), (300, 40)])
def test_alpha_req_equals_a_weighted_regression(shape: tuple[int, int]) -> None:
    x = noise(*shape).double() @ noise(shape[1], shape[1], 1).double()
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(x.numpy().T)))[::-1][3:100]
    j = np.arange(4, 4 + len(eigenvalues))
    given, weights = np.log(j)[:, None], 1 / j
    line = LinearRegression().fit(given, np.log(eigenvalues), weights)
    found = indicators.alpha_req(x)
    assert found["alpha"] == pytest.approx(-line.coef_[0], rel=1e-6)
    expected = line.score(given, np.log(eigenvalues), weights)
    assert found["r2"] == pytest.approx(expected, rel=1e-6)


def test_alpha_req_says_nothing_where_there_is_no_spectrum() -> None:
    assert indicators.alpha_req(torch.ones(100, 64)) == {}
    assert indicators.alpha_req(noise(100, 5)) == {}


def slow_lidar(x: np.ndarray, delta: float) -> float:
    """The paper's equations 1 to 4 as loops."""
    n, q, d = x.shape
    mu = x.mean((0, 1))
    between, within = np.zeros((d, d)), np.zeros((d, d))
    for i in range(n):
        own = x[i].mean(0)
        between += np.outer(own - mu, own - mu) / n
        for j in range(q):
            within += np.outer(x[i, j] - own, x[i, j] - own) / (n * q)
    within += delta * np.trace(within) / d * np.eye(d)
    values = np.linalg.eigvals(np.linalg.inv(within) @ between).real.clip(0)
    p = values / values.sum() + 1e-7
    return float(np.exp(-(p * np.log(p)).sum()))


def pictures(n: int = 60, q: int = 5, d: int = 12) -> torch.Tensor:
    clean = noise(n, d) @ torch.diag(torch.linspace(2, 0.1, d))
    jitter = noise(n * q, d, 1) @ torch.diag(torch.linspace(0.1, 1, d))
    return clean[:, None] + jitter.view(n, q, d)


@pytest.mark.parametrize("shape", [(60, 5, 12), (20, 3, 12)])
def test_lidar_equals_a_loop(shape: tuple[int, int, int]) -> None:
    x = pictures(*shape)
    expected = slow_lidar(x.double().numpy(), 1e-4)
    assert indicators.lidar(x) == pytest.approx(expected, rel=1e-4)


def test_lidar_is_the_entropy_of_the_shares_of_a_discriminant_analysis() -> None:
    x = pictures(80, 6, 8)
    analysis = LinearDiscriminantAnalysis(solver="eigen")
    analysis.fit(x.flatten(0, 1).double().numpy(), np.arange(80).repeat(6))
    p = analysis.explained_variance_ratio_
    expected = np.exp(-(p * np.log(p)).sum())
    assert indicators.lidar(x, delta=1e-9) == pytest.approx(expected, rel=1e-3)


def test_lidar_does_not_see_what_augmentation_drowns_nor_the_unit() -> None:
    x = pictures()
    assert indicators.lidar(x * 1000) == pytest.approx(indicators.lidar(x), rel=1e-4)
    assert indicators.lidar(x) < indicators.rankme(x.flatten(0, 1))
    assert indicators.lidar(torch.ones(20, 4, 6)) == 0
    assert indicators.lidar(noise(20, 6)[:, None].expand(-1, 4, -1)) > 3
