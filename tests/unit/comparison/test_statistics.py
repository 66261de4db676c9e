"""Intervals against scipy's own, and what is left when seeds agree to the last digit."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from selftaught.comparison.statistics import contrast, interval, summarise, welch

OURS, THEIRS = [0.61, 0.64, 0.60, 0.67], [0.55, 0.58, 0.49]


def test_the_interval_is_students() -> None:
    found = interval(OURS)
    expected = stats.t.interval(
        0.95, len(OURS) - 1, loc=sum(OURS) / len(OURS), scale=stats.sem(OURS)
    )
    assert found == pytest.approx(list(expected))


def test_an_accuracys_interval_stays_between_none_and_all() -> None:
    low, high = interval([0.01, 0.30, 0.99])
    assert (low, high) == (0.0, 1.0)


def test_the_difference_is_welchs() -> None:
    found = welch(OURS, THEIRS)
    test = stats.ttest_ind(OURS, THEIRS, equal_var=False)
    expected = test.confidence_interval(0.95)
    assert found.gap == pytest.approx(0.63 - 0.54)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.p == pytest.approx(test.pvalue)
    assert found.probability == pytest.approx(1 - test.pvalue / 2)


def test_the_other_way_round_it_is_the_opposite() -> None:
    there, back = welch(OURS, THEIRS), welch(THEIRS, OURS)
    assert (back.gap, back.low, back.high) == pytest.approx((-there.gap, -there.high, -there.low))
    assert back.probability == pytest.approx(1 - there.probability)


@pytest.mark.parametrize("ours", [[0.5, 0.5, 0.5], [0.7, 0.7, 0.7]])
def test_values_that_every_seed_shares_give_no_warning_and_a_number(ours: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = welch(ours, [0.5, 0.5, 0.5])
        assert (found.gap, found.low, found.high) == pytest.approx((ours[0] - 0.5,) * 3)
        assert found.p == 1, "three seeds that agree do not say how far a fourth would stray"
        one_side = welch(ours, [0.4, 0.5, 0.45])
        assert all(math.isfinite(value) for value in (one_side.low, one_side.high, one_side.p))
        assert interval(ours) == pytest.approx([ours[0], ours[0]])


def test_with_one_side_constant_the_other_side_alone_is_uncertain() -> None:
    found = welch([0.6, 0.7, 0.65], [0.5, 0.5, 0.5])
    assert [found.gap, found.low, found.high] == pytest.approx(
        [0.15, *(x - 0.5 for x in interval([0.6, 0.7, 0.65]))]
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_interval_needs_three_seeds(count: int) -> None:
    values = [0.5, 0.75, 0.625][:count]
    found = summarise(values)
    assert found["mean"] == pytest.approx(sum(values) / count)
    assert (found["min"], found["max"]) == (min(values), max(values))
    assert (found["sd"] is None) == (count == 1)
    assert (found["interval"] is None) == (count < 3)


def test_a_contrast_of_several_samples_covers_as_often_as_it_says() -> None:
    """A difference of differences: 95 of 100 intervals hold the truth, with unequal spreads and few seeds."""
    random = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        parts = [
            (weight, random.normal(mean, spread, 4).tolist())
            for weight, mean, spread in ((1.0, 3, 1), (-1.0, 1, 0.2), (-1.0, 2, 0.5), (1.0, 0.5, 2))
        ]
        found = contrast(parts)
        assert found.gap == pytest.approx(sum(w * sum(v) / 4 for w, v in parts))
        held += found.low <= 0.5 <= found.high
    assert 0.93 < held / 2000 < 0.98


def test_a_weight_scales_the_interval() -> None:
    found, once = contrast([(2.0, OURS), (-2.0, THEIRS)]), welch(OURS, THEIRS)
    assert (found.gap, found.low, found.high) == pytest.approx(
        (2 * once.gap, 2 * once.low, 2 * once.high)
    )
    assert found.p == pytest.approx(once.p)
