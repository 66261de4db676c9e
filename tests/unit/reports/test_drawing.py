"""Scales, labels that keep apart, and escaping."""

import itertools

import pytest

from selftaught.reports.drawing import Scale, element, kept_apart, levels, rounded_range


def test_text_and_attributes_are_escaped() -> None:
    written = element("text", "<b>&", class_='a"b', stroke_width=1.25)
    assert written == '<text class="a&#34;b" stroke-width="1.2">&lt;b&gt;&amp;</text>'


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.22, 0.74), (3, 9000), (-4, 4), (20, 80)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(low, high, 0, 100).ticks()
    assert 2 <= len(ticks) <= 8
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(ticks)}
    assert len(steps) == 1
    assert f"{steps.pop():e}"[0] in "125"


def test_a_logarithmic_scale() -> None:
    scale = Scale(0.1, 1000, 0, 100, logarithmic=True)
    assert scale(1) == pytest.approx(25)
    assert scale.ticks() == pytest.approx([0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000])


def test_rounded_range_holds_the_values() -> None:
    assert rounded_range([22.4, 73.8]) == (20, 80)
    low, high = rounded_range([5.0, 5.0])
    assert low <= 5 < high


def test_labels_keep_apart_within_their_bounds() -> None:
    placed = kept_apart([50, 50, 51, 10, 99], 12, 0, 100)
    ordered = sorted(placed)
    assert all(b - a >= 12 - 1e-9 for a, b in itertools.pairwise(ordered))
    assert 0 <= ordered[0] <= ordered[-1] <= 100
    assert placed[3] == 10


def test_overlapping_spans_take_another_level() -> None:
    assert levels([(0, 10), (5, 15), (11, 20), (6, 7)]) == [0, 1, 0, 2]
