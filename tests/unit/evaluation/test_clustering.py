"""Clusters against scikit-learn's figures and all matchings, and what a collapse looks like."""

import dataclasses
from itertools import permutations

import pytest
import torch
from pools import cloudy
from sklearn.metrics import adjusted_mutual_info_score, rand_score

from selftaught.evaluation import clustering


def test_the_matching_is_the_best_of_all() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        clusters = torch.randint(4, (40,), generator=generator)
        answers = torch.randint(4, (40,), generator=generator)
        found = int((clustering.matched(clusters, answers, 4) == answers).sum())
        best = max(
            int((torch.tensor(each)[clusters] == answers).sum()) for each in permutations(range(4))
        )
        assert found == best


def test_clusters_that_no_class_is_left_for_are_wrong() -> None:
    clusters, answers = torch.tensor([0, 0, 0, 1, 1, 2]), torch.tensor([0, 0, 0, 1, 1, 1])
    assert clustering.matched(clusters, answers, 2).tolist() == [0, 0, 0, 1, 1, -1]


def test_clouds_that_lie_apart_are_found_whatever_the_clusters_are_called() -> None:
    pool = cloudy(spread=0.1)
    result = clustering.protocol(pool)
    assert result.value == 1.0
    assert result.scores == {
        "normalised_mutual_information": pytest.approx(1.0),
        "adjusted_rand_index": pytest.approx(1.0),
    }
    assert torch.equal(result.predictions, pool.answers)
    assert result.settings["clusters"] == result.settings["clusters_found"] == 5


def test_noise_is_near_chance_where_the_index_is_adjusted() -> None:
    pool = cloudy(queries=500)
    noise = dataclasses.replace(
        pool, queries=torch.randn(500, 16, generator=torch.Generator().manual_seed(0))
    )
    result = clustering.protocol(noise)
    assert abs(result.scores["adjusted_rand_index"]) < 0.03
    assert 0.2 < result.value < 0.35
    clusters = result.predictions  # matched one to one, so the same clusters under other names
    assert abs(adjusted_mutual_info_score(noise.answers, clusters)) < 0.03
    assert rand_score(noise.answers, clusters) > 0.6, "unadjusted, noise looks like something"


def test_the_bank_and_the_length_of_a_feature_have_no_say() -> None:
    pool = cloudy()
    other = dataclasses.replace(
        pool,
        bank=torch.zeros_like(pool.bank),
        queries=pool.queries * torch.linspace(1, 9, 200)[:, None],
    )
    assert torch.equal(
        clustering.protocol(pool).predictions, clustering.protocol(other).predictions
    )


def test_only_classes_that_the_queries_show_have_a_cluster() -> None:
    pool = dataclasses.replace(cloudy(spread=0.1), classes=9)
    result = clustering.protocol(pool)
    assert (result.settings["clusters"], result.value) == (5, 1.0)


def test_a_collapse_is_read_without_a_warning_and_counted() -> None:
    pool = cloudy()
    flat = dataclasses.replace(pool, queries=torch.ones_like(pool.queries))
    result = clustering.protocol(flat)
    assert result.settings["clusters_found"] == 1
    assert result.value == float(pool.answers.bincount().max()) / 200
    assert result.scores["normalised_mutual_information"] == 0


def test_the_same_seed_gives_the_same_clusters() -> None:
    pool = cloudy()
    assert torch.equal(clustering.protocol(pool).predictions, clustering.protocol(pool).predictions)
