"""Few labels: which pictures are drawn, the classifiers against others, and classes that run short."""

import dataclasses
from statistics import fmean

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pools import clouds, cloudy
from scipy.optimize import minimize
from scipy.stats import bootstrap
from sklearn.neighbors import NearestCentroid

from selftaught.evaluation import fewshot


def test_each_class_gives_as_many_and_more_labels_hold_those_of_fewer() -> None:
    labels = clouds(300)[1]
    rows, place = fewshot.order(labels, seed=0, draw=3)
    assert rows.sort().values.equal(torch.arange(300))
    for shots in (1, 5, 20):
        assert labels[rows[place < shots]].bincount().tolist() == [shots] * 5
    assert set(rows[place < 5].tolist()) < set(rows[place < 20].tolist())
    again, _ = fewshot.order(labels, seed=0, draw=3)
    other, _ = fewshot.order(labels, seed=0, draw=4)
    assert rows.equal(again)
    assert not rows.equal(other)


def test_logistic_regression_is_the_minimum_of_its_objective() -> None:
    """Against scipy on the objective as it is written: 1/2 |W|^2 + C sum of cross-entropies."""
    examples, labels = clouds(60, d=6, classes=3)
    queries, _ = clouds(400, d=6, classes=3, seed=2)
    x, q = F.normalize(examples, dim=-1).double(), F.normalize(queries, dim=-1).double()

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.tensor(flat, requires_grad=True)
        weights, bias = point[:18].view(6, 3), point[18:]
        loss = F.cross_entropy(x @ weights + bias, labels, reduction="sum") * 2.0
        loss = loss + weights.square().sum() / 2
        loss.backward()
        return loss.item(), point.grad.numpy()

    best = minimize(objective, np.zeros(21), jac=True, options={"gtol": 1e-8}).x
    expected = (q.numpy() @ best[:18].reshape(6, 3) + best[18:]).argmax(1)
    found = fewshot.classify(
        q.numpy(), x.numpy(), labels.numpy(), classifier="logistic", strength=2.0
    )
    assert (found == expected).mean() > 0.995


def test_the_nearest_mean_is_scikit_learns() -> None:
    examples, labels = clouds(25)
    queries, _ = clouds(200, seed=2)
    labels = labels * 2 + 1  # names of classes need not be 0 to k - 1
    reference = NearestCentroid().fit(examples.numpy(), labels.numpy())
    found = fewshot.classify(
        queries.numpy(), examples.numpy(), labels.numpy(), classifier="centroid", strength=1.0
    )
    assert found.tolist() == reference.predict(queries.numpy()).tolist()


@pytest.mark.parametrize("classifier", ["logistic", "centroid"])
def test_a_number_is_the_mean_over_draws_and_more_labels_are_better(classifier: str) -> None:
    pool = cloudy(bank=600)
    result = fewshot.protocol(
        pool, shots=(1, 5, 50), draws=6, report=5, classifier=classifier, strengths=(1.0,)
    )
    bank, queries = (F.normalize(x, dim=-1).numpy() for x in (pool.bank, pool.queries))
    values = []
    for draw in range(6):
        rows, place = fewshot.order(pool.labels, seed=0, draw=draw)
        some = rows[place < 5]
        classes = fewshot.classify(
            queries, bank[some], pool.labels[some].numpy(), classifier=classifier, strength=1.0
        )
        values.append((classes == pool.answers.numpy()).mean())
    assert result.value == result.scores["accuracy_with_5"] == pytest.approx(fmean(values))
    assert result.settings["labels_a_class"] == 5
    assert result.settings["chosen_on"] == "nothing is chosen"
    assert result.settings["interval"] == list(fewshot.interval(values))
    drawn = result.curves["accuracy_by_labels"]
    assert drawn["x"] == [1, 5, 50]
    assert drawn["y"] == sorted(drawn["y"])
    assert drawn["y"][2] > drawn["y"][0] + 0.05
    ends = zip(drawn["low"], drawn["y"], drawn["high"], strict=True)
    assert all(low < y < high for low, y, high in ends)
    assert result.settings["classes_with_fewer"] == {}


def test_the_strength_is_chosen_on_the_held_part_for_each_number_of_labels() -> None:
    """Wide directions that say nothing of the class: C = 1 hardly bends away from them."""
    pool = cloudy(bank=600)
    generator = torch.Generator().manual_seed(0)
    wide = [
        torch.cat([each, 40 * torch.randn(len(each), 2, generator=generator)], 1)
        for each in (pool.bank, pool.queries)
    ]
    shared = dataclasses.replace(pool, bank=wide[0], queries=wide[1])
    how = {"shots": (20,), "draws": 4, "report": 20}
    chosen = fewshot.protocol(shared, strengths=(1.0, 1000.0), **how)
    fit, held = (
        fewshot.Shelf.of(shared.bank[rows], shared.labels[rows])
        for rows in (shared.fit, shared.held)
    )
    scores = {
        c: fmean(
            fewshot.accuracies(
                fit, held, shots=20, draws=4, seed=0, classifier="logistic", strength=c
            )
        )
        for c in (1.0, 1000.0)
    }
    assert chosen.settings["strength"] == {"20": max(scores, key=lambda c: scores[c])}
    assert chosen.settings["strength"] == {"20": 1000.0}
    fixed = fewshot.protocol(shared, strengths=(1.0,), **how)
    assert chosen.value > fixed.value + 0.05
    mistaken = dataclasses.replace(shared, answers=shared.answers.flip(0))
    again = fewshot.protocol(mistaken, strengths=(1.0, 1000.0), **how)
    assert again.settings["strength"] == {"20": 1000.0}, "the queries have no say"


def test_the_interval_agrees_with_a_bootstrap_of_many_draws() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    other = bootstrap((values,), np.mean, rng=np.random.default_rng(1)).confidence_interval
    assert fewshot.interval(values.tolist()) == pytest.approx((other.low, other.high), abs=2e-3)
    assert fewshot.interval([0.5]) == (0.5, 0.5)


def test_a_class_with_fewer_pictures_gives_all_it_has_and_that_is_said() -> None:
    pool = cloudy()
    keep = torch.cat([(pool.labels != 2).nonzero()[:, 0], (pool.labels == 2).nonzero()[:7, 0]])
    rows = torch.arange(len(keep))
    small = dataclasses.replace(
        pool, bank=pool.bank[keep], labels=pool.labels[keep], fit=rows[::2], held=rows[1::2]
    )
    most = int(small.labels.bincount().max())
    result = fewshot.protocol(small, shots=(5, 10, most + 1), draws=2)
    assert result.settings["classes_with_fewer"] == {"10": 1}
    assert result.settings["shots_left_out"] == [most + 1]
    assert list(result.scores) == ["accuracy_with_5", "accuracy_with_10"]
    rows, place = fewshot.order(small.labels, seed=0, draw=0)
    assert result.settings["classifier"] == "logistic"
    assert small.labels[rows[place < 10]].bincount().tolist() == [10, 10, 7, 10, 10]


def test_where_no_class_has_enough_all_pictures_are_taken() -> None:
    pool = cloudy(bank=20)
    result = fewshot.protocol(pool, shots=(50, 100), draws=2)
    most = int(pool.labels.bincount().max())
    assert result.settings["labels_a_class"] == most
    assert result.settings["shots_left_out"] == [50, 100]
