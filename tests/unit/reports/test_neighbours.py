"""Neighbours against a loop in float64."""

import numpy as np

from selftaught.reports.neighbours import agreement, nearest, queries


def test_the_nearest_by_cosine() -> None:
    features = np.random.default_rng(0).normal(size=(40, 6))
    found = nearest(features, 5)
    for i, own in enumerate(features):
        cosines = {
            j: float(own @ other / np.linalg.norm(own) / np.linalg.norm(other))
            for j, other in enumerate(features)
            if j != i
        }
        assert found[i].tolist() == sorted(cosines, key=lambda j: -cosines[j])[:5]


def test_fewer_pictures_than_neighbours() -> None:
    assert nearest(np.eye(3), 5).shape == (3, 2)
    assert nearest(np.eye(1), 5).shape == (1, 0)


def test_agreement_counts_every_neighbour() -> None:
    labels = np.array([0, 0, 1, 1])
    assert agreement(np.array([[1, 2], [0, 3], [3, 0], [0, 1]]), labels) == 3 / 8


def test_queries_ask_each_class_before_any_twice() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 300)
    asked = queries(labels, 12)
    assert len(set(asked)) == 12
    assert {int(label) for label in labels[asked[:10]]} == set(range(10))
    assert asked == queries(labels, 12)
    many = queries(np.arange(100) % 50, 12)
    assert len({index % 50 for index in many}) == 12
    assert max(index % 50 for index in many) > 12, "not always the first classes"


def test_queries_of_a_tiny_set() -> None:
    assert sorted(queries(np.array([0, 1, 1]), 12)) == [0, 1, 2]
