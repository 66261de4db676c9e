"""Average precision against scikit-learn, recall against a loop, and what equal features earn."""

import dataclasses

import numpy as np
import pytest
import torch
from pools import clouds, cloudy
from sklearn.metrics import average_precision_score
from torch import Tensor

from selftaught.evaluation import retrieval


def cosines(queries: Tensor, bank: Tensor) -> Tensor:
    return torch.nn.functional.normalize(queries, dim=-1) @ (
        torch.nn.functional.normalize(bank, dim=-1).T
    )


def by_scikit_learn(queries: Tensor, answers: Tensor, bank: Tensor, labels: Tensor) -> list[float]:
    return [
        float(average_precision_score((labels == a).numpy(), s.numpy()))
        for s, a in zip(cosines(queries, bank), answers, strict=True)
    ]


def test_average_precision_is_scikit_learns() -> None:
    bank, labels = clouds(400)
    queries, answers = clouds(60, seed=2)
    found, _ = retrieval.ranked(queries, answers, bank, labels)
    expected = by_scikit_learn(queries, answers, bank, labels)
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_pictures_with_the_same_cosine_share_the_last_of_their_ranks() -> None:
    bank = torch.eye(4)[[0, 0, 0, 1, 1, 2, 2, 3]]
    labels = torch.tensor([0, 1, 1, 0, 0, 1, 0, 0])
    queries, answers = torch.tensor([[3.0, 2.0, 1.0, 0.0]] * 2), torch.tensor([0, 1])
    found, first = retrieval.ranked(queries, answers, bank, labels)
    assert found.tolist() == pytest.approx(by_scikit_learn(queries, answers, bank, labels))
    assert first.tolist() == [3, 3]


def test_recall_is_the_share_of_queries_with_a_hit_among_the_first() -> None:
    pool = cloudy(spread=3.0)
    order = cosines(pool.queries, pool.bank).argsort(dim=1, descending=True)
    hits = pool.labels[order] == pool.answers[:, None]
    result = retrieval.protocol(pool, ks=(1, 3, 10))
    for k in (1, 3, 10):
        expected = float(hits[:, :k].any(1).double().mean())
        assert result.scores[f"recall_at_{k}"] == pytest.approx(expected)
    assert 0 < result.scores["recall_at_1"] < result.scores["recall_at_10"]
    assert result.curves["recall"]["x"] == [1, 3, 10]


def test_blocks_of_queries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = cloudy()
    whole = retrieval.protocol(pool)
    monkeypatch.setattr(retrieval, "CELLS", 7 * len(pool.bank))
    assert retrieval.protocol(pool).value == pytest.approx(whole.value, abs=1e-7)
    assert retrieval.protocol(pool).scores == whole.scores


def test_features_that_are_all_alike_earn_the_share_of_the_class_and_no_recall() -> None:
    pool = cloudy()
    flat = dataclasses.replace(
        pool, bank=torch.ones_like(pool.bank), queries=torch.ones_like(pool.queries)
    )
    result = retrieval.protocol(flat)
    shares = np.bincount(pool.labels.numpy()) / len(pool.labels)
    assert result.value == pytest.approx(float(shares[pool.answers.numpy()].mean()), abs=1e-6)
    assert result.scores["recall_at_10"] == 0


def test_the_protocol_is_the_mean_and_says_what_is_relevant() -> None:
    pool = cloudy()
    result = retrieval.protocol(pool)
    expected = by_scikit_learn(pool.queries, pool.answers, pool.bank, pool.labels)
    assert result.value == pytest.approx(float(np.mean(expected)), abs=1e-6)
    facts = result.facts()
    assert facts["mean_average_precision"] == result.value
    assert facts["measure"] == "mean_average_precision"
    assert facts["split"] == "test"
    assert result.predictions is None


def test_a_class_that_the_bank_lacks_is_never_found() -> None:
    bank, labels = clouds(50)
    queries, _ = clouds(3, seed=2)
    found, first = retrieval.ranked(queries, torch.tensor([9, 9, 9]), bank, labels)
    assert found.tolist() == [0, 0, 0]
    assert first.tolist() == [51] * 3
