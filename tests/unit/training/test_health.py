"""Each failure is named, and healthy runs are not accused."""

from typing import Any

import pytest

from selftaught.training.health import judge

UNTRAINED = {"effective_rank": 12.0, "feature_std": 0.2, "knn": 0.28, "queries": 500}


def look(**changes: Any) -> dict[str, Any]:
    return {**UNTRAINED, "projection_std": 0.9, **changes}


@pytest.mark.parametrize(
    ("last", "word"),
    [
        (look(knn=0.55, effective_rank=80.0, feature_std=0.8), "learning"),
        # A supervised encoder shrinks to its classes by design.
        (look(knn=0.95, effective_rank=2.5, feature_std=0.6), "learning"),
        (look(knn=0.29), "stalled"),
        (look(knn=0.20), "stalled"),
        (look(knn=0.10, feature_std=0.001, effective_rank=1.0), "collapsed"),
        (look(knn=0.25, projection_std=0.01), "collapsed"),
        (look(knn=0.27, effective_rank=2.0), "collapsed"),
    ],
)
def test_with_labels(last: dict[str, Any], word: str) -> None:
    assert judge([UNTRAINED, last], [5.0, 4.0]).word == word


def test_few_dimensions_alone_are_no_collapse() -> None:
    few = {**UNTRAINED, "effective_rank": 2.0}
    assert judge([few, look(effective_rank=2.0, knn=0.5)], [5.0, 4.0]).word == "learning"


@pytest.mark.parametrize(
    ("losses", "word"), [([5.0] * 20, "stalled"), ([5.0] * 10 + [3.0] * 10, "learning")]
)
def test_without_labels_the_loss_decides(losses: list[float], word: str) -> None:
    blind = {key: value for key, value in UNTRAINED.items() if key not in ("knn", "queries")}
    assert judge([blind, {**blind, "projection_std": 0.9}], losses).word == word


def test_a_loss_that_is_not_a_number() -> None:
    assert judge([UNTRAINED, look()], [5.0, float("nan")]).word == "diverged"


def test_the_sentence_carries_the_numbers() -> None:
    text = judge([UNTRAINED, look(knn=0.55)], [5.0, 4.0]).text
    assert "28.0%" in text
    assert "55.0%" in text
