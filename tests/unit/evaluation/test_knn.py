"""The nearest-neighbour classifier against a loop, and against scikit-learn."""

import math

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from selftaught.evaluation import knn
from selftaught.evaluation.results import Pool


def clouds(n: int, d: int, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, d, generator=torch.Generator().manual_seed(0))
    labels = torch.randint(classes, (n,), generator=generator)
    return centres[labels] + 1.5 * torch.randn(n, d, generator=generator), labels


def by_loop(queries: Tensor, bank: Tensor, labels: Tensor, k: int, temperature: float) -> list[int]:
    """Wu et al., section 3.4, one query and one neighbour at a time."""
    predictions = []
    for q in queries.double():
        cosines = [float(q @ b / q.norm() / b.norm()) for b in bank.double()]
        votes: dict[int, float] = {}
        for i in sorted(range(len(bank)), key=lambda i: -cosines[i])[:k]:
            votes[int(labels[i])] = votes.get(int(labels[i]), 0.0) + math.exp(
                cosines[i] / temperature
            )
        predictions.append(max(votes, key=lambda c: votes[c]))
    return predictions


@pytest.mark.parametrize(("k", "temperature"), [(1, 0.1), (20, 0.1), (20, 0.02), (200, 0.5)])
def test_equals_a_loop_in_float64(k: int, temperature: float) -> None:
    bank, labels = clouds(300, 8, 5, seed=1)
    queries, _ = clouds(60, 8, 5, seed=2)
    found = knn.classify(queries, bank, labels, classes=5, k=k, temperature=temperature)
    assert found.tolist() == by_loop(queries, bank, labels, k, temperature)


def test_one_neighbour_equals_scikit_learn() -> None:
    bank, labels = clouds(2000, 16, 7, seed=1)
    queries, _ = clouds(500, 16, 7, seed=2)
    reference = KNeighborsClassifier(1, metric="cosine").fit(bank.numpy(), labels.numpy())
    found = knn.classify(queries, bank, labels, classes=7, k=1)
    assert found.tolist() == reference.predict(queries.numpy()).tolist()


@pytest.mark.parametrize(
    ("n", "k"), [(5003, 7), (5003, 77), (5003, 79), (640, 10), (655, 10), (9, 9)]
)
def test_search_by_groups_and_blocks_finds_what_a_full_sort_finds(
    n: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, _ = clouds(n, 12, 3, seed=1)  # whole groups and left-over columns; too few for groups
    queries, _ = clouds(37, 12, 3, seed=2)
    bank[-3:] = queries[:3]  # some of the nearest are left over
    monkeypatch.setattr(knn, "CELLS", 10 * len(bank))
    cosines, index = knn.nearest(queries, bank, k)
    every = torch.nn.functional.cosine_similarity(queries[:, None], bank[None], dim=-1)
    expected = every.sort(descending=True)
    assert torch.equal(index, expected.indices[:, :k])
    torch.testing.assert_close(cosines, expected.values[:, :k])


def test_the_length_of_a_feature_counts_for_nothing() -> None:
    bank, labels = clouds(200, 8, 4, seed=1)
    queries, _ = clouds(50, 8, 4, seed=2)
    stretched = bank * torch.linspace(0.01, 100, len(bank))[:, None]
    assert torch.equal(
        knn.classify(queries, bank, labels, classes=4),
        knn.classify(queries * 7, stretched, labels, classes=4),
    )


def test_temperature_decides_between_many_and_near() -> None:
    bank = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.6, 0.8], [0.6, 0.8]])
    labels = torch.tensor([0, 1, 1, 1])
    query = torch.tensor([[1.0, 0.0]])
    assert knn.classify(query, bank, labels, classes=2, k=4, temperature=0.1).item() == 0
    assert knn.classify(query, bank, labels, classes=2, k=4, temperature=10.0).item() == 1


def test_protocol_says_the_neighbours_that_it_truly_used() -> None:
    bank, labels = clouds(12, 8, 3, seed=1)
    queries, answers = clouds(30, 8, 3, seed=2)
    rows = torch.arange(12)
    pool = Pool(bank, labels, rows, rows, queries, answers, 3, {"split": "test"}, "")
    result = knn.protocol(pool)
    assert result.settings["k"] == 12
    assert result.settings["split"] == "test"
    assert result.settings["temperature"] == 0.1
    expected = torch.tensor(by_loop(queries, bank, labels, 12, 0.1))
    assert torch.equal(result.predictions, expected)
    assert result.value == (expected == answers).double().mean().item()


def test_protocol_reports_both_numbers_of_neighbours() -> None:
    bank, labels = clouds(400, 4, 3, seed=1)
    queries, answers = clouds(200, 4, 3, seed=2)
    rows = torch.arange(400)
    result = knn.protocol(Pool(bank, labels, rows, rows, queries, answers, 3, {}, ""))
    for k in (20, 200):
        right = knn.classify(queries, bank, labels, classes=3, k=k) == answers
        assert result.settings["accuracy_at_k"][str(k)] == right.double().mean().item()
    assert result.settings["k"] == 20
    assert result.value == result.settings["accuracy_at_k"]["20"]


def test_what_is_chosen_is_chosen_on_the_held_part_and_read_beside_the_fixed_number() -> None:
    bank, labels = clouds(150, 4, 3, seed=1)
    queries, answers = clouds(60, 4, 3, seed=2)
    fit, held = torch.arange(100), torch.arange(100, 150)
    pool = Pool(bank, labels, fit, held, queries, answers, 3, {}, "validation")
    ks, temperatures = (1, 5, 40, 1000), (0.02, 0.5)
    result = knn.protocol(pool, ks=ks, temperatures=temperatures)
    tried = {
        (min(k, 100), t): sum(
            a == b
            for a, b in zip(
                by_loop(bank[held], bank[fit], labels[fit], k, t),
                labels[held].tolist(),
                strict=True,
            )
        )
        for k in ks
        for t in temperatures
    }
    chosen = int(result.scores["chosen_k"]), result.scores["chosen_temperature"]
    assert tried[chosen] == max(tried.values()) > min(tried.values())
    expected = by_loop(queries, bank, labels, *chosen)
    right = (torch.tensor(expected) == answers).double().mean().item()
    assert result.scores["accuracy_chosen"] == pytest.approx(right)
    assert result.value == knn.protocol(pool).value, "the headline is fixed"
    assert result.curves["held_accuracy_by_k"]["x"] == [1, 5, 40, 100]
    mistaken = Pool(bank, labels, fit, held, queries, answers.flip(0), 3, {}, "validation")
    again = knn.protocol(mistaken, ks=ks, temperatures=temperatures)
    assert again.scores["chosen_k"] == chosen[0], "the queries have no say"
