"""False labels are drawn once for all encoders, and cost a probe accuracy."""

import dataclasses

import pytest
import torch

from selftaught.evaluation import label_noise, linear
from selftaught.evaluation.results import Pool


def pool(n: int = 900, m: int = 600) -> Pool:
    """Overlapping clouds of four classes."""
    generator = torch.Generator().manual_seed(0)
    centres = 0.5 * torch.randn(4, 16, generator=generator)

    def cloud(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(4, (count,), generator=generator)
        return centres[labels] + torch.randn(count, 16, generator=generator), labels

    (bank, labels), (queries, answers) = cloud(n), cloud(m)
    rows = torch.arange(n)
    return Pool(bank, labels, rows[: n - 200], rows[n - 200 :], queries, answers, 4, {}, "held")


def test_a_class_that_nobody_has_is_not_drawn() -> None:
    labels = torch.tensor([0, 3] * 500)
    assert set(label_noise.falsified(labels, 0.8).tolist()) == {0, 3}


def test_without_noise_it_is_the_linear_probe_and_noise_costs_accuracy() -> None:
    given = pool()
    found = label_noise.protocol(given)
    assert found.scores["label_noise_0_accuracy"] == linear.protocol(given).value
    values = list(found.scores.values())
    assert list(found.scores) == [f"label_noise_{n}_accuracy" for n in (0, 20, 40, 60, 80)]
    assert values[0] > values[3] > values[4] > 1 / 4
    assert found.value == pytest.approx(sum(values[1:]) / 4)
    assert found.measure == "noisy_accuracy"
    assert found.curves["label_noise"]["x"] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert found.curves["label_noise"]["y"] == values


def test_the_penalty_is_chosen_on_labels_as_false_and_never_on_the_queries() -> None:
    given = pool()
    one = label_noise.learnt(given, (0.6,))
    false = label_noise.falsified(given.labels, 0.6)
    tried = linear.tried(given, false)
    assert one[1].l2 == linear.best(tried)
    assert max(tried.values()) < 0.6, "held labels are false too"
    shuffled = dataclasses.replace(given, answers=given.answers.flip(0))
    assert [each.l2 for each in label_noise.learnt(shuffled, (0.6,))] == [each.l2 for each in one]
