"""The probe by SGD: against torch's own optimiser, and fair in what it chooses on."""

import copy
import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder
from selftaught.evaluation import evaluate
from selftaught.evaluation.linear_sgd import Heads

QUICK = {"linear_sgd": {"epochs": 40, "fewest": 0, "batch": 32, "rates": (0.001, 30.0, 10.0)}}


@pytest.mark.parametrize("decay", [0.0, 1e-2])
def test_each_classifier_learns_as_torchs_sgd_does(decay: float) -> None:
    generator = torch.Generator().manual_seed(0)
    rates, features = [0.01, 0.5, 3.0], torch.randn(60, 7, generator=generator)
    labels = torch.randint(4, (60,), generator=generator)
    taught = torch.rand(3, 60, generator=generator) < 0.6
    taught[2] = True
    taught[1, 20:30] = False  # one whole batch teaches it nothing
    heads = Heads(7, 4, torch.tensor(rates), momentum=0.9, decay=decay)
    theirs = [nn.Linear(7, 4) for _ in rates]
    for linear in theirs:
        nn.init.zeros_(linear.weight)
        nn.init.zeros_(linear.bias)
    optimisers = [
        torch.optim.SGD(linear.parameters(), lr=rate, momentum=0.9, weight_decay=decay)
        for linear, rate in zip(theirs, rates, strict=True)
    ]
    for step in range(12):
        rows = torch.arange(60).view(6, 10)[step % 6]
        factor = 1 - step / 12
        heads.step(features[rows], labels[rows], taught[:, rows], factor)
        for i, (linear, optimiser) in enumerate(zip(theirs, optimisers, strict=True)):
            own = rows[taught[i, rows]]
            if len(own) == 0:
                continue
            optimiser.param_groups[0]["lr"] = rates[i] * factor
            optimiser.zero_grad()
            F.cross_entropy(linear(features[own]), labels[own]).backward()
            optimiser.step()
    for i, linear in enumerate(theirs):
        torch.testing.assert_close(heads.weights[i, :-1], linear.weight.T, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(heads.weights[i, -1], linear.bias, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(
            heads.logits(features)[i], linear(features), rtol=1e-3, atol=1e-4
        )


@pytest.mark.parametrize("split", ["validation", "test"])
def test_it_learns_chooses_on_held_and_says_all(
    stripes: Splits, small: Encoder, split: str
) -> None:
    before = copy.deepcopy(small.state_dict())
    found = evaluate(small, stripes, split=split, protocols=["linear_sgd"], changes=QUICK)
    result = found.results["linear_sgd"]
    assert result.value > 0.8
    scores = result.settings["accuracy_when_choosing"]
    assert list(scores) == ["0.001", "10", "30"]
    assert scores[f"{result.settings['rate']:g}"] == max(scores.values())
    assert result.settings["steps"] == 40 * ((90 + 45 * (split == "test")) // 32)
    line = result.curves["held_accuracy_by_rate"]
    assert (line["x"], line["y"]) == ([0.001, 10, 30], list(scores.values()))
    assert all(torch.equal(v, before[k]) for k, v in small.state_dict().items())
    assert not any(module.training for module in small.modules())
    again = evaluate(small, stripes, split=split, protocols=["linear_sgd"], changes=QUICK)
    assert again.results["linear_sgd"].facts() == result.facts()


def test_neither_queries_nor_held_pictures_teach_the_classifiers_that_choose(
    stripes: Splits, small: Encoder
) -> None:
    def read(data: Splits) -> dict[str, object]:
        found = evaluate(small, data, split="test", protocols=["linear_sgd"], changes=QUICK)
        return found.results["linear_sgd"].settings

    plain = read(stripes)
    held, asked = stripes.validation, stripes.test
    assert isinstance(held, Resident)
    assert isinstance(asked, Resident)
    turned = Resident(asked.pictures, (asked.labels + 1) % 3)
    assert read(dataclasses.replace(stripes, test=turned)) == plain
    # Classifiers that had learnt from mislabelled held pictures would agree with them better.
    wrong = Resident(held.pictures, (held.labels + 1) % 3)
    scores = read(dataclasses.replace(stripes, validation=wrong))["accuracy_when_choosing"]
    assert scores["10"] < 0.1
