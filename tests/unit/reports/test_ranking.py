"""Ranks: one more than the number of methods that are better beyond doubt."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_ind

from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.ranking import beats, ranks, welch


def contestant(name: str, values: list[float], **row: Any) -> Contestant:
    results = [{"results": {"linear": {"accuracy": v}}, "encoder": "resnet"} | row for v in values]
    return Contestant(name, "metric_learning", [RunFolder(row=each) for each in results], {})


def test_who_cannot_be_told_apart_shares_a_rank() -> None:
    near = [contestant("a", [0.60, 0.66, 0.63]), contestant("b", [0.61, 0.58, 0.65])]
    far = contestant("c", [0.30, 0.31, 0.29])
    found = ranks(Comparison({}, [*near, far], None), "linear")
    assert found == {"a": 1, "b": 1, "c": 3}


def test_under_three_seeds_nobody_has_a_rank() -> None:
    pair = [contestant("a", [0.9, 0.9]), contestant("b", [0.1, 0.1])]
    assert ranks(Comparison({}, pair, None), "linear") == {}


def test_baselines_and_those_who_see_labels_are_not_ranked() -> None:
    base = Contestant("pixels", "baselines", contestant("", [0.99] * 3).runs, {})
    told = contestant("supcon", [0.99, 0.98, 0.97], sees_labels=True)
    found = ranks(Comparison({}, [contestant("a", [0.5, 0.51, 0.52]), told, base], None), "linear")
    assert found == {"a": 1}


def test_ranks_are_formed_within_one_encoder() -> None:
    small = contestant("a", [0.3, 0.31, 0.32])
    large = contestant("b", [0.8, 0.81, 0.82], encoder="vit")
    assert ranks(Comparison({}, [small, large], None), "linear") == {"a": 1, "b": 1}


def test_the_interval_is_that_of_scipy() -> None:
    ours, theirs = np.array([0.6, 0.66, 0.63]), np.array([0.5, 0.58, 0.52, 0.55])
    wanted = ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert welch(ours.tolist(), theirs.tolist()) == pytest.approx((wanted.low, wanted.high))


def test_the_comparison_s_own_word_holds_where_it_gave_one() -> None:
    a, b = contestant("a", [0.60, 0.66, 0.63]), contestant("b", [0.3, 0.31, 0.32])
    line = {"protocol": "linear", "ours": "b", "theirs": "a", "gap": -0.3, "p_corrected": 0.2}
    assert beats(a, b, "linear", {})
    assert not beats(a, b, "linear", {"comparisons": [line]})
    sure = {"comparisons": [line | {"p_corrected": 0.001}]}
    assert beats(a, b, "linear", sure)
    assert not beats(b, a, "linear", sure)
    assert beats(a, b, "knn", {"comparisons": [line]}) is False
    assert not beats(a, b, "linear", {"comparisons": [line | {"gap": None}]})


def test_less_may_be_better() -> None:
    a, b = contestant("a", [0.1, 0.11, 0.12]), contestant("b", [0.3, 0.31, 0.32])
    assert beats(a, b, "linear", {}, higher=False)
    assert not beats(b, a, "linear", {}, higher=False)


def test_values_that_never_differ_leave_no_doubt() -> None:
    assert welch([0.5] * 3, [0.4] * 3) == pytest.approx((0.1, 0.1))
