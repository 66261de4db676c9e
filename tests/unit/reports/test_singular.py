"""The spectrum of the page, against numpy's singular values."""

import numpy as np
import pytest

from selftaught.reports.singular import directions, points, singular_values


@pytest.mark.parametrize("shape", [(60, 12), (20, 50)])
def test_values_are_those_of_the_centred_features(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32) + 3
    wanted = np.linalg.svd(
        x.astype(np.float64) - x.mean(axis=0, dtype=np.float64), compute_uv=False
    )
    found = singular_values(x)
    wanted = wanted[wanted > 1e-4 * wanted[0]] / wanted[0]
    assert len(found) == len(wanted)
    assert found == pytest.approx(wanted, rel=1e-4)


def test_equal_features_have_no_spectrum() -> None:
    x = np.ones((30, 8), np.float32)
    assert len(singular_values(x)) == 0
    assert directions(singular_values(x)) == 0
    assert points(singular_values(x)) == []


def test_directions_that_hold_nine_tenths() -> None:
    assert directions(np.array([3.0, 0.9, 0.4])) == 1
    assert directions(np.array([1.0, 1.0, 1.0, 1.0])) == 4
    assert directions(np.array([3.0, 1.2]), share=0.95) == 2


def test_many_values_are_drawn_as_few_points_from_first_to_last() -> None:
    found = points(np.linspace(1, 0.1, 2000))
    assert len(found) < 60
    assert found[0] == (1.0, 1.0)
    assert found[-1] == (2000.0, pytest.approx(0.1))
