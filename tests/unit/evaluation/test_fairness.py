"""The worst class and group: which they are, how low they may truly be, and which are too small to tell."""

import dataclasses

import numpy as np
import pytest
import torch
from pools import cloudy
from sklearn.metrics import balanced_accuracy_score, recall_score
from torch import Tensor

from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders.pixels import Pixels
from selftaught.evaluation import fairness, linear
from selftaught.evaluation.intervals import independent
from selftaught.evaluation.results import Pool, Result, Subject
from selftaught.views.engine import Views

CLASSES = ("ant", "bee", "cat", "dog", "elk")


def read(pool: Pool, groups: Tensor | None = None, **how: int) -> Result:
    """The protocol on a pool, with pictures that nobody looks at."""
    blank = Resident(
        torch.zeros(len(pool.queries), 1, 2, 2, dtype=torch.uint8), pool.answers, groups
    )
    splits = Splits("made up", blank, blank, None, CLASSES, 2, (0.5,), (0.2,))
    clean = Views.clean(size=2, channels=1, levels=255, mean=(0.5,), std=(0.2,))
    encoder, cpu = Pixels(channels=1, size=2), torch.device("cpu")
    subject = Subject(encoder, splits, clean, cpu, torch.float32, 8, blank, blank)
    return fairness.protocol(pool, subject, **how)


def test_accuracy_by_class_is_scikit_learns_recall() -> None:
    pool = cloudy(spread=2.5)
    result = read(pool)
    given = linear.protocol(pool).predictions.numpy()
    expected = recall_score(pool.answers.numpy(), given, average=None)
    drawn = result.curves["accuracy_by_class"]
    assert drawn["y"] == pytest.approx(expected.tolist())
    assert result.value == pytest.approx(expected.min())
    assert result.settings["worst_class"] == CLASSES[int(expected.argmin())]
    assert result.scores["mean_class_accuracy"] == pytest.approx(
        balanced_accuracy_score(pool.answers.numpy(), given)
    )
    mean = float((given == pool.answers.numpy()).mean())
    assert result.scores["accuracy"] == pytest.approx(mean)
    assert result.scores["gap"] == pytest.approx(mean - expected.min())
    low, high = result.settings["interval"]
    assert low < result.value < high
    assert "worst_group_accuracy" not in result.scores and "groups" not in result.settings


def test_the_interval_holds_the_worst_true_accuracy_though_the_worst_is_low_by_chance() -> None:
    """Twelve classes of 30 pictures, all truly at 70 %: the lowest one counted is far below."""
    random = np.random.default_rng(0)
    held, naive = 0, 0
    for _ in range(300):
        right = torch.tensor(random.uniform(size=360) < 0.7)
        found = fairness.shares(right, torch.arange(360) % 12)
        low, high = found.interval
        held += low <= 0.7 <= high
        naive += found.accuracy[found.worst] > 0.65
    assert held >= 285
    assert naive < 30


def test_the_interval_knows_that_pictures_of_a_group_go_together() -> None:
    """Five classes of 20 patients with 15 pictures each, whom a probe reads well or badly: 0.7 in all."""
    random = np.random.default_rng(1)
    parts = torch.arange(5).repeat_interleave(300)
    patients = torch.arange(100).repeat_interleave(15)
    held, naive = 0, 0
    for _ in range(200):
        chance = random.beta(1.4, 0.6, size=100).repeat(15)
        right = torch.tensor(random.uniform(size=1500) < chance)
        for together in (patients, None):
            found = fairness.shares(right, parts, together=together)
            assert found is not None
            low, high = found.interval
            if together is None:
                naive += low <= 0.7 <= high
            else:
                held += low <= 0.7 <= high
    assert held >= 0.93 * 200 and naive < 0.8 * 200


def test_pictures_that_stand_alone_count_each_and_one_group_counts_once() -> None:
    right = torch.arange(400) % 3 == 0
    alone = independent(right, torch.arange(400))
    assert alone == pytest.approx(400, rel=0.02)
    assert independent(right, torch.zeros(400, dtype=torch.int64)) == 1
    everything = torch.ones(400, dtype=torch.bool)
    assert independent(everything, torch.arange(400) // 20) == 20
    copies = torch.arange(40).repeat_interleave(10)
    assert independent(copies % 3 == 0, copies) == pytest.approx(40, rel=0.1)


def test_groups_are_ranked_and_those_too_small_to_tell_are_counted() -> None:
    pool = cloudy(queries=400, spread=2.0)
    right = linear.protocol(pool).predictions == pool.answers
    groups = torch.arange(400) % 4 + 10
    wrong = (~right).nonzero().flatten()
    groups[wrong[:20]] = 3  # a site whose pictures are all misread
    groups[wrong[20]] = 1  # a patient with a single picture
    result = read(pool, groups)
    assert result.scores["worst_group_accuracy"] == 0
    assert result.scores["group_gap"] == pytest.approx(float(right.double().mean()))
    assert result.settings["worst_group_pictures"] == 20
    assert result.settings["groups"] == 6
    assert result.settings["groups_too_small_to_rank"] == 1
    assert result.curves["accuracy_by_group"]["x"] == [3, 10, 11, 12, 13]
    low, high = result.settings["worst_group_interval"]
    assert low == 0 and 0 < high < 0.4
    none = read(pool, torch.arange(400))
    assert none.settings["groups_too_small_to_rank"] == 400
    assert "worst_group_accuracy" not in none.scores
    assert read(pool, groups, fewest=1).settings["groups_too_small_to_rank"] == 0


def test_of_classes_that_are_equally_bad_the_larger_is_named() -> None:
    right = torch.tensor([0, 1, 0, 1, 0, 1, 1, 1]).bool()
    found = fairness.shares(right, torch.tensor([0, 0, 1, 1, 1, 1, 2, 2]))
    assert found.names[found.worst] == 1


def test_the_class_without_a_name_is_said_by_its_number() -> None:
    pool = dataclasses.replace(cloudy(), classes=9)
    shifted = dataclasses.replace(pool, labels=pool.labels + 4, answers=pool.answers + 4)
    assert read(shifted).settings["worst_class"] in ("elk", "5", "6", "7", "8")
