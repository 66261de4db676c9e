"""Wilson's interval against scipy's."""

import pytest
from scipy.stats import binomtest

from selftaught.evaluation.intervals import wilson


@pytest.mark.parametrize(("right", "count"), [(0, 3), (3, 3), (1, 50), (40, 50), (700, 1000)])
@pytest.mark.parametrize("confidence", [0.95, 0.995])
def test_it_is_scipys(right: int, count: int, confidence: float) -> None:
    other = binomtest(right, count).proportion_ci(confidence, method="wilson")
    assert wilson(right, count, confidence) == pytest.approx((other.low, other.high), abs=1e-12)


def test_of_no_pictures_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
