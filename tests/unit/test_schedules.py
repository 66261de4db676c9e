import math

import pytest

from selftaught.schedules import cosine, rise, warmup_cosine


@pytest.mark.parametrize(("start", "end"), [(0.996, 1.0), (1.0, 0.0), (3.0, 3.0)])
def test_cosine_goes_from_start_to_end_by_way_of_the_mean(start: float, end: float) -> None:
    assert cosine(start, end, 0.0) == pytest.approx(start)
    assert cosine(start, end, 0.5) == pytest.approx((start + end) / 2)
    assert cosine(start, end, 1.0) == pytest.approx(end)


def test_cosine_is_byols_momentum() -> None:
    """Grill et al., section 3.3: tau = 1 - (1 - tau_base) (cos(pi k / K) + 1) / 2."""
    for k in range(11):
        expected = 1 - (1 - 0.99) * (math.cos(math.pi * k / 10) + 1) / 2
        assert cosine(0.99, 1.0, k / 10) == pytest.approx(expected)


def test_the_rate_rises_in_a_straight_line_and_falls_to_nothing() -> None:
    assert warmup_cosine(0.0, 0.1) == 0
    assert warmup_cosine(0.05, 0.1) == pytest.approx(0.5)
    assert warmup_cosine(0.1, 0.1) == pytest.approx(1)
    assert warmup_cosine(0.55, 0.1) == pytest.approx(0.5)
    assert warmup_cosine(1.0, 0.1) == pytest.approx(0, abs=1e-12)


def test_without_warm_up_it_begins_at_the_top() -> None:
    values = [warmup_cosine(i / 20, 0.0) for i in range(21)]
    assert values[0] == 1
    assert values == sorted(values, reverse=True)


def test_a_rise_is_a_straight_line_and_then_level() -> None:
    points = [rise(0.04, 0.08, progress, until=0.2) for progress in (0.0, 0.1, 0.2, 0.7, 1.0)]
    assert points == pytest.approx([0.04, 0.06, 0.08, 0.08, 0.08])
    assert rise(0.04, 0.08, 0.0, until=0.0) == 0.08
