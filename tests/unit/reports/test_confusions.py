"""Which classes are taken for each other, against scikit-learn's matrix."""

import numpy as np
from sklearn.metrics import confusion_matrix

from selftaught.reports.confusions import confused, examples, worst_pairs


def test_shares_are_those_of_the_confusion_matrix() -> None:
    rng = np.random.default_rng(0)
    labels, given = rng.integers(0, 5, (2, 300))
    counts = confusion_matrix(labels, given, labels=range(5))
    sizes = counts.sum(axis=1)
    found = confused(labels, given, 5)
    for i in range(5):
        for j in range(5):
            share = 0 if i == j else (counts[i, j] + counts[j, i]) / (sizes[i] + sizes[j])
            assert abs(found[i, j] - share) < 1e-12


def test_a_class_without_pictures_is_never_confused() -> None:
    found = confused(np.array([0, 0, 1]), np.array([1, 0, 1]), 4)
    assert np.isfinite(found).all()
    assert found[2].sum() == found[3].sum() == 0


def test_the_worst_pair_comes_first_and_none_without_mistakes() -> None:
    labels = np.array([0] * 10 + [1] * 10 + [2] * 10)
    given = labels.copy()
    given[:4] = 2
    given[10] = 0
    shares = confused(labels, given, 3)
    assert worst_pairs([shares], 5) == [(0, 2), (0, 1)]
    assert worst_pairs([confused(labels, labels, 3)], 5) == []


def test_examples_take_both_ways_in_turn() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    given = np.array([1, 1, 1, 0, 1, 0])
    assert examples(labels, given, (0, 1), 3) == [0, 3, 1]
    assert examples(labels, given, (1, 2), 3) == []
