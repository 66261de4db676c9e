"""Scores of strangeness: against scikit-learn, and a loop for the rate at 95 %."""

import numpy as np
import pytest
import torch
from sklearn.covariance import EmpiricalCovariance
from sklearn.metrics import roc_curve
from sklearn.neighbors import NearestNeighbors

from selftaught.evaluation import novelty


def noise(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("k", [1, 7, 200])
def test_the_distance_to_the_kth_neighbour_equals_scikit_learns(k: int) -> None:
    bank, queries = noise(80, 6) + 0.5, noise(30, 6, 1)
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (bank, queries))
    near = NearestNeighbors(n_neighbors=min(k, 80)).fit(a.numpy())
    expected = near.kneighbors(b.numpy())[0][:, -1]
    found = novelty.neighbour_distance(queries, bank, k)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_mahalanobis_equals_scikit_learns_covariance_around_class_means() -> None:
    labels = torch.arange(90) % 3 * 2  # a class that nobody has lies between
    bank = noise(90, 5) @ noise(5, 5, 2) + labels[:, None] * 3
    queries = noise(20, 5, 1) * 4
    means = np.stack([bank[labels == c].double().mean(0).numpy() for c in (0, 2, 4)])
    rest = bank.double().numpy() - means[labels.numpy() // 2]
    fitted = EmpiricalCovariance(assume_centered=True).fit(rest)
    expected = np.min([fitted.mahalanobis(queries.double().numpy() - mean) for mean in means], 0)
    found = novelty.mahalanobis_distance(queries, bank, labels)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    alone = EmpiricalCovariance().fit(bank.double().numpy())
    np.testing.assert_allclose(
        novelty.mahalanobis_distance(queries, bank).numpy(),
        alone.mahalanobis(queries.double().numpy()),
        rtol=1e-6,
    )


def test_dead_features_are_left_out_of_the_covariance() -> None:
    bank, queries = noise(60, 4), noise(10, 4, 1)
    dead = torch.cat([bank, torch.full((60, 2), 0.1)], 1)
    asked = torch.cat([queries, torch.full((10, 2), 0.1)], 1)
    torch.testing.assert_close(
        novelty.mahalanobis_distance(asked, dead), novelty.mahalanobis_distance(queries, bank)
    )


def test_separation_equals_counting_pairs_and_scikit_learns_curve() -> None:
    usual, strange = noise(200, 1)[:, 0].round(decimals=1), noise(90, 1, 1)[:, 0] * 2 + 1
    found = novelty.separation(usual, strange)
    pairs = (strange[:, None] > usual).double() + 0.5 * (strange[:, None] == usual).double()
    assert found["auroc"] == pytest.approx(float(pairs.mean()))
    # Usual is positive: it is accepted where its strangeness is small.
    truth = np.r_[np.ones(200), np.zeros(90)]
    false, true, _ = roc_curve(truth, -torch.cat([usual, strange]).numpy(), drop_intermediate=False)
    assert found["fpr95"] == pytest.approx(false[np.argmax(true >= 0.95)])


def test_separation_at_its_ends() -> None:
    low, high = torch.arange(20.0), torch.arange(20.0) + 100
    assert novelty.separation(low, high) == {"auroc": 1.0, "fpr95": 0.0}
    assert novelty.separation(high, low) == {"auroc": 0.0, "fpr95": 1.0}
    assert novelty.separation(low * 0, high * 0)["auroc"] == 0.5
