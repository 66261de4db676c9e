"""Maps against an eigendecomposition of their own, and where there is nothing to map."""

import numpy as np

from selftaught.reports.maps import neighbour_embedding, on_the_sphere, principal_components


def clusters(count: int = 120, apart: float = 8.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    return apart * rng.normal(size=(3, 20))[labels] + rng.normal(size=(count, 20)), labels


def test_principal_components_are_those_of_the_covariance() -> None:
    features, _ = clusters()
    found = principal_components(features)
    assert found is not None
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(np.cov(unit.T))
    scores = (unit - unit.mean(0)) @ vectors[:, ::-1][:, :2]
    assert found.share is not None
    assert np.isclose(found.share, values[-2:].sum() / values.sum(), atol=1e-4)
    for axis in (0, 1):
        agreement = np.corrcoef(scores[:, axis], found.positions[:, axis])[0, 1]
        assert abs(agreement) > 0.9999
    assert np.isclose(np.abs(found.positions).max(), 1, atol=1e-5)


def test_tsne_keeps_clusters_together_and_repeats_itself() -> None:
    features, labels = clusters()
    found, again = neighbour_embedding(features), neighbour_embedding(features)
    assert found is not None
    assert again is not None
    assert np.array_equal(found.positions, again.positions)
    distances = np.linalg.norm(found.positions[:, None] - found.positions[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(1)] == labels).mean() > 0.95


def test_features_that_do_not_differ_have_no_map() -> None:
    same = np.ones((40, 8), np.float16)
    assert principal_components(same) is None
    assert neighbour_embedding(same) is None


def test_too_few_pictures_have_no_tsne() -> None:
    features, _ = clusters(8)
    assert neighbour_embedding(features) is None
    assert principal_components(features) is not None


def test_one_dimension_is_a_line() -> None:
    features = np.random.default_rng(0).normal(size=(30, 1)).astype(np.float32)
    found = principal_components(features)
    assert found is not None
    assert (found.positions[:, 1] == found.positions[0, 1]).all()


def test_a_row_of_zeros_stays_finite() -> None:
    assert np.isfinite(on_the_sphere(np.zeros((2, 3), np.float32))).all()
