"""Fine-tuning: what it trains, how fast each layer, on which labels; and that the encoder stays as it was."""

import copy
import dataclasses

import pytest
import torch
from torch import nn

from selftaught import encoders
from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder
from selftaught.evaluation import evaluate
from selftaught.evaluation.finetune import Classifier, labelled

QUICK = {
    "finetune": {
        "fractions": (1.0, 0.05, 0.2),
        "rates": (0.00001, 0.01),
        "epochs": 3,
        "fewest": 6,
        "batch": 30,
    }
}


@pytest.mark.parametrize("share", [0.01, 0.1, 0.37, 1.0])
def test_labels_are_taken_evenly_and_by_labels_and_seed_alone(share: float) -> None:
    labels = torch.tensor([0] * 300 + [1] * 120 + [2] * 7)[torch.randperm(427)]
    rows = labelled(labels, share, 0)
    counts = labels[rows].bincount(minlength=3).tolist()
    assert sum(counts) == max(-(-427 * share // 1), 3)
    # Even, but where a class has no more to give.
    for c, most in enumerate((300, 120, 7)):
        assert counts[c] == most or counts[c] >= max(counts) - 1
    assert torch.equal(rows, labelled(labels, share, 0))
    if share < 1:
        assert not torch.equal(rows, labelled(labels, share, 1))
        assert set(rows.tolist()) <= set(labelled(labels, share + 0.1, 0).tolist())


def test_one_label_of_each_class_at_least() -> None:
    labels = torch.arange(50) % 5
    assert sorted(labels[labelled(labels, 0.01, 0)].tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["resnet_tiny", "vit_micro"])
def test_rates_fall_by_a_factor_a_layer_from_the_head_down(name: str) -> None:
    encoder = encoders.build(name, channels=3, size=16)
    model = Classifier(encoder, 4)
    groups = model.groups(rate=0.8, layer_decay=0.5, decay=0.05)
    peak = {id(p): g["peak"] for g in groups for p in g["params"]}
    assert peak.keys() == {id(p) for p in model.parameters()}
    layers = model.encoder.layers()
    assert peak[id(model.head.weight)] == 0.8
    for depth, layer in enumerate(layers):
        assert {peak[id(p)] for p in layer} == {0.8 * 0.5 ** (len(layers) - depth)}
    decays = {id(p): g["weight_decay"] for g in groups for p in g["params"]}
    assert all(decays[id(p)] == (0.05 if p.ndim > 1 else 0) for p in model.parameters())


def test_the_encoder_stays_as_it_was_and_a_curve_is_drawn(stripes: Splits, small: Encoder) -> None:
    before = copy.deepcopy(small.state_dict())
    state = torch.get_rng_state()
    result = evaluate(small, stripes, protocols=["finetune"], changes=QUICK).results["finetune"]
    assert all(torch.equal(v, before[k]) for k, v in small.state_dict().items())
    assert all(p.grad is None for p in small.parameters())
    assert not any(module.training for module in small.modules())
    assert torch.equal(torch.get_rng_state(), state)
    lines = result.settings["by_fraction"]
    assert [line["labels"] for line in lines] == [5, 18, 90]
    assert [line["steps"] for line in lines] == [6, 6, 9]
    line = result.curves["accuracy_by_labels"]
    assert (line["x"], line["y"][-1]) == ([5, 18, 90], result.value)
    assert result.scores["accuracy_at_5_percent"] == line["y"][0]
    again = evaluate(small, stripes, protocols=["finetune"], changes=QUICK).results["finetune"]
    assert again.facts() == result.facts()


def test_it_learns_what_frozen_features_do_not_hold(stripes: Splits, small: Encoder) -> None:
    changes = {"finetune": {"fractions": (1.0,), "rates": (0.03,), "epochs": 30, "batch": 30}}
    for parameter in small.first.parameters():
        parameter.data *= 1e-2
    for running in (small.norm.running_mean, small.norm.running_var):
        running.fill_(1000)  # frozen features are all one
    frozen = evaluate(small, stripes, protocols=["linear"]).results["linear"]
    tuned = evaluate(small, stripes, protocols=["finetune"], changes=changes).results["finetune"]
    assert frozen.value < 0.7
    assert tuned.value > 0.9
    assert tuned.settings["chosen_on"] == "nothing is chosen"


def test_the_rate_is_chosen_on_held_and_never_on_the_queries(
    stripes: Splits, small: Encoder
) -> None:
    def read(data: Splits) -> dict[str, object]:
        changes = {"finetune": QUICK["finetune"] | {"fractions": (0.5,)}}
        found = evaluate(small, data, split="test", protocols=["finetune"], changes=changes)
        return found.results["finetune"].settings

    plain = read(stripes)
    asked = stripes.test
    assert isinstance(asked, Resident)
    turned = dataclasses.replace(stripes, test=Resident(asked.pictures, (asked.labels + 1) % 3))
    other = read(turned)
    assert other["accuracy_when_choosing"] == plain["accuracy_when_choosing"]
    # With half of the labels, the rate is the one that was best with a tenth.
    (scores,) = plain["accuracy_when_choosing"].values()
    assert list(plain["accuracy_when_choosing"]) == ["0.1"]
    (line,) = plain["by_fraction"]
    assert scores[f"{line['rate']:g}"] == max(scores.values())


def test_an_encoder_without_weights_trains_its_head_alone(stripes: Splits) -> None:
    pixels = encoders.build("pixels", channels=3, size=12)
    changes = {"finetune": {"fractions": (1.0,), "rates": (0.01,), "epochs": 5, "batch": 30}}
    found = evaluate(pixels, stripes, protocols=["finetune"], changes=changes).results["finetune"]
    assert found.settings["layers"] == 0
    assert isinstance(Classifier(pixels, 3).head, nn.Linear)
    assert 0.2 < found.value <= 1
