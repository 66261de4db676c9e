"""Robustness reads the queries that it says, under the corruptions and attacks that it says."""

import json

import pytest
import torch
from torch import Tensor

from selftaught.corruptions import CORRUPTIONS, corrupt
from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders.pixels import Pixels
from selftaught.evaluation import evaluate, linear
from selftaught.evaluation.results import Result
from selftaught.keys import Keys, shuffle

SIDE = 16
FEW = {"pictures": 50, "attacked": 30, "strengths": [1.0, 4.0, 16.0, 64.0], "steps": 5}


def stripes(n: int, seed: int) -> Resident:
    """Pictures of three classes: faint stripes of three widths under noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    wave = torch.sin(torch.arange(SIDE) * (0.5 + 0.6 * labels[:, None]))
    phase = torch.rand(n, 3, 1, 1, generator=generator)
    pictures = 110 + 40 * phase + 25 * wave[:, None, None, :]
    pictures = pictures + 25 * torch.randn(n, 3, SIDE, SIDE, generator=generator)
    return Resident(pictures.clamp(0, 255).to(torch.uint8), labels)


def splits() -> Splits:
    return Splits(
        "stripes",
        stripes(240, 0),
        stripes(60, 1),
        stripes(80, 2),
        ("thin", "middle", "wide"),
        SIDE,
        (0.5, 0.5, 0.5),
        (0.2, 0.2, 0.2),
    )


def judged(batch: int = 512, **changes: object) -> Result:
    return evaluate(
        Pixels(channels=3, size=SIDE),
        splits(),
        split="test",
        protocols=["robustness"],
        changes={"robustness": FEW | changes},
        batch=batch,
    ).results["robustness"]


@pytest.fixture(scope="module")
def found() -> Result:
    return judged()


def raw(source: Resident) -> Tensor:
    return source.pictures.float() / 255


def features(pictures: Tensor) -> Tensor:
    return ((pictures - 0.5) / 0.2).flatten(1)


def probe() -> linear.Probe:
    """What the protocol should have learnt, by the linear protocol's own settings."""
    data = splits()
    chosen = evaluate(
        Pixels(channels=3, size=SIDE), data, split="test", protocols=["linear"]
    ).results["linear"]
    bank = torch.cat([raw(data.train), raw(data.validation)])
    labels = torch.cat([data.train.labels, data.validation.labels])
    return linear.fit(features(bank), labels, classes=3, l2=chosen.settings["l2"])


@pytest.mark.parametrize(("name", "strength"), [("fog", 3), ("gaussian_noise", 5), ("jpeg", 1)])
def test_an_accuracy_is_that_of_the_clean_probe_on_these_corrupted_pictures(
    name: str, strength: int, found: Result
) -> None:
    test = splits().test
    rows = shuffle(80, 0, epoch=0)[:50].sort().values
    pictures = corrupt(raw(test)[rows], name, strength, Keys(0, 0, rows))
    right = probe().predict(features(pictures)) == test.labels[rows]
    assert found.curves[name]["y"][strength] == pytest.approx(float(right.float().mean()))
    clean = probe().predict(features(raw(test)[rows])) == test.labels[rows]
    assert found.curves[name]["y"][0] == pytest.approx(float(clean.float().mean()))


def test_the_number_is_the_mean_over_corruptions_and_strengths(found: Result) -> None:
    table = torch.tensor([found.curves[name]["y"] for name in CORRUPTIONS])
    assert table.shape == (15, 6)
    assert found.value == pytest.approx(float(table[:, 1:].mean()))
    clean = found.scores["clean_accuracy"]
    assert (table[:, 0] - clean).abs().max() < 1e-6
    assert clean > found.value > 1 / 3
    assert found.scores["relative_drop"] == pytest.approx(1 - found.value / clean)
    assert found.scores["noise_accuracy"] == pytest.approx(float(table[:3, 1:].mean()))
    assert found.scores["digital_accuracy"] == pytest.approx(float(table[10:, 1:].mean()))
    assert found.measure == "corrupted_accuracy"


def test_attacks_start_from_the_clean_accuracy_and_only_cost(found: Result) -> None:
    rows = shuffle(80, 0, epoch=0)[:30]
    test = splits().test
    right = probe().predict(features(raw(test)[rows])) == test.labels[rows]
    for name in ("fgsm", "pgd"):
        assert found.curves[name]["x"] == [0.0, 1.0, 4.0, 16.0, 64.0]
        assert found.curves[name]["y"][0] == pytest.approx(float(right.float().mean()))
        assert found.curves[name]["y"] == sorted(found.curves[name]["y"], reverse=True)
        assert found.curves[name]["y"][-1] < 0.1
    assert 1 < found.scores["pgd_median_norm"] < 64


def test_a_median_norm_out_of_reach_is_not_a_number_but_a_sentence() -> None:
    found = judged(strengths=[0.25], pictures=1)
    assert "pgd_median_norm" not in found.scores
    assert "more than half withstand 0.25" in found.settings["median_norm"]


def test_the_batch_has_no_say(found: Result) -> None:
    other = judged(batch=7)
    assert other.scores == found.scores
    assert other.curves == found.curves


def test_false_labels_are_in_it_and_json_can_hold_it(found: Result) -> None:
    facts = found.facts()
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["curves"]["label_noise"]["x"] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert facts["label_noise_0_accuracy"] > facts["label_noise_80_accuracy"]
    assert facts["corrupted_pictures"] == 50
    shown = splits().test.labels[shuffle(80, 0, epoch=0)[:50]]
    assert facts["corrupted_largest_class"] == max(shown.bincount().tolist()) / 50
    assert facts["attacked_pictures"] == 30
    assert facts["corruption_table"]["strengths"] == "CIFAR-10-C's"
