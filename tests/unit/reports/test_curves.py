"""What a curve draws of a run's lines."""

import math
import re
from typing import Any

import pytest

from selftaught.reports.contestants import Contestant, RunFolder
from selftaught.reports.curves import POINTS, knn_curves, loss_curves, score_curves, series


def looks(values: list[float | None]) -> list[dict[str, Any]]:
    return [{"pictures": 100 * i, "knn": value} for i, value in enumerate(values)]


def test_missing_and_infinite_values_are_passed_over() -> None:
    lines = [*looks([0.1, None, math.nan, 0.4]), {"knn": 0.5}]
    assert series(lines, "pictures", lambda line: line.get("knn")) == [(0, 0.1), (300, 0.4)]


def test_a_long_run_is_thinned_by_means() -> None:
    lines = looks([float(i) for i in range(10 * POINTS)])
    points = series(lines, "pictures", lambda line: line["knn"])
    assert len(points) == POINTS
    assert points[0] == pytest.approx((450, 4.5))
    assert sum(y for _, y in points) / POINTS == pytest.approx((10 * POINTS - 1) / 2)


def test_every_seed_is_drawn_and_named_once() -> None:
    runs = [RunFolder(row={}, looks=looks([0.1, 0.2 + seed / 10])) for seed in range(3)]
    chart = knn_curves([Contestant("byol", "", runs, {})], "pictures")
    assert chart is not None
    assert len(re.findall('class="line', chart)) == 3
    assert len(re.findall('class="label"', chart)) == 1
    assert "BYOL" in chart


def test_each_term_of_a_loss_has_its_line() -> None:
    steps = [{"pictures": i, "losses": {"variance": 1.0, "a<b": 0.5}} for i in range(4)]
    chart = loss_curves(Contestant("vicreg", "", [RunFolder(row={}, steps=steps)], {}))
    assert chart is not None
    assert len(re.findall('class="line', chart)) == 2
    assert "a&lt;b" in chart
    assert "a<b" not in chart


def test_scores_are_drawn_where_a_method_keeps_them() -> None:
    steps = [{"pictures": i, "losses": {"a": 1.0}, "scores": {"accuracy": i / 4}} for i in range(4)]
    with_score = Contestant("rotnet", "", [RunFolder(row={}, steps=steps)], {})
    chart = score_curves(with_score)
    assert chart is not None
    assert len(re.findall('class="line', chart)) == 1
    assert "accuracy" in chart
    steps = [{"pictures": i, "losses": {"a": 1.0}} for i in range(4)]
    without = Contestant("vicreg", "", [RunFolder(row={}, steps=steps)], {})
    assert score_curves(without) is None


def test_nothing_to_draw() -> None:
    empty = Contestant("byol", "", [RunFolder(row={})], {})
    assert knn_curves([empty], "pictures") is None
    assert loss_curves(empty) is None


def test_the_axis_of_an_accuracy_ends_at_a_hundred() -> None:
    runs = [RunFolder(row={}, looks=looks([0.25, 1.0]))]
    chart = knn_curves([Contestant("supervised", "baselines", runs, {})], "pictures")
    ticks = re.findall(r'class="tick end">(\d+)<', chart or "")
    assert max(map(int, ticks)) == 100
