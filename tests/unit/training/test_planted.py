"""Failures planted in real trainings on shapes are named; a healthy one beside them is not accused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from selftaught import config
from selftaught.errors import Diverged
from selftaught.runs import RunFolder
from selftaught.training import carry_out, prepare
from selftaught.training.setup import Setup

SMALL = {
    "data": "shapes",
    "data.take": 300,
    "data.validation": 0.25,
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 32,
    "epochs": 4,
    "monitor.every": 2,
    "precision": "float32",
    "threads": 1,
    "device": "cpu",
}
Plant = Callable[[Setup], Setup]


def verdict(
    folder: Path, method: str, plant: Plant = lambda setup: setup, **changes: Any
) -> dict[str, Any]:
    run = config.resolve(method, SMALL, changes)
    return carry_out(plant(prepare(run)), RunFolder.open(folder, run), split=None)


def constant(setup: Setup) -> Setup:
    """An encoder that gives every picture the same feature."""
    with torch.no_grad():
        for parameter in setup.encoder.parameters():
            parameter.zero_()
    return setup


def copies(setup: Setup) -> Setup:
    """Sixteen pictures, again and again."""
    train = setup.splits.train
    few = train.subset(torch.arange(16).repeat(len(train) // 16))
    return replace(setup, source=few, splits=replace(setup.splits, train=few), per_epoch=6)


def without_labels(setup: Setup) -> Setup:
    splits = setup.splits
    for source in (splits.train, splits.validation, setup.source):
        source.labels = None
    return setup


def test_a_constant_encoder(tmp_path: Path) -> None:
    found = verdict(tmp_path, "simclr", constant, projector=[16, 8])
    assert (found["verdict"], found["verdict_kind"]) == ("collapsed", "complete")


def test_vicreg_without_its_variance_term(tmp_path: Path) -> None:
    changes = {"weights": [25, 0, 1], "projector": [32, 32], "optimiser.rate": 0.2, "epochs": 12}
    found = verdict(tmp_path, "vicreg", **changes)
    assert (found["verdict"], found["verdict_kind"]) == ("collapsed", "complete")
    assert "variance term" in found["verdict_text"]


@pytest.mark.parametrize("method", ["simclr", "byol", "rotnet"])
def test_too_large_a_rate_that_batch_norm_hides(tmp_path: Path, method: str) -> None:
    """On two of three seeds: where every step throws the weights elsewhere, one may land well by chance."""
    heads = {"simclr": {"projector": [16, 8]}, "byol": {"projector": [16, 8], "predictor": [16, 8]}}
    rate = {"optimiser.rate": 3.0 if method == "rotnet" else 30.0}
    found = [
        verdict(tmp_path / str(seed), method, **heads.get(method, {}), **rate, seed=seed)
        for seed in range(3)
    ]
    named = [each for each in found if each["verdict"] == "diverged"]
    assert len(named) >= 2
    assert all("optimiser.rate" in each["verdict_text"] for each in named)


def test_too_large_a_rate_that_breaks_the_numbers(tmp_path: Path) -> None:
    with pytest.raises(Diverged):
        verdict(tmp_path, "vicreg", projector=[32, 32], **{"optimiser.rate": 30})
    assert RunFolder(tmp_path).results["verdict"] == "diverged"


@pytest.mark.parametrize(
    ("method", "changes"),
    [("rotnet", {"epochs": 12}), ("simclr", {"projector": [16, 8]}), ("supervised", {})],
)
def test_sixteen_pictures_copied_over_and_over(
    tmp_path: Path, method: str, changes: dict[str, Any]
) -> None:
    found = verdict(tmp_path, method, copies, **changes)
    assert found["verdict"] == "short of data"
    assert "16 are different" in found["verdict_text"]


def test_few_pictures_learnt_by_heart(tmp_path: Path) -> None:
    found = verdict(tmp_path, "supervised", **{"data.take": 120, "epochs": 20, "monitor.every": 20})
    assert found["verdict"] == "short of data"
    assert found["verdict_numbers"]["carried"] < 0.25


@pytest.mark.parametrize("plant", [lambda setup: setup, without_labels])
def test_a_healthy_run_is_not_accused(tmp_path: Path, plant: Plant) -> None:
    method = "rotnet" if plant is without_labels else "supervised"
    changes = {"data.take": 1200, "epochs": 6, "monitor.every": 6}
    found = verdict(tmp_path, method, plant, **changes)
    assert found["verdict"] == "learning", found["verdict_text"]


def test_training_ends_at_the_look_that_shows_a_collapse_and_a_second_call_does_not_go_on(
    tmp_path: Path,
) -> None:
    changes = {"monitor.stop_on_collapse": True, "monitor.every": 1, "projector": [16, 8]}
    found = verdict(tmp_path, "simclr", constant, **changes)
    steps = SMALL["epochs"] * (225 // 32)
    assert found["verdict"] == "collapsed"
    assert f"Stopped at step 7 of {steps}" in found["verdict_text"]
    assert found["pictures_seen"] == 7 * 32
    assert (tmp_path / "checkpoint.safetensors").is_file()
    assert (tmp_path / "encoder.safetensors").is_file()
    (tmp_path / "results.json").unlink()  # as if the process had ended just after the checkpoint
    assert verdict(tmp_path, "simclr", **changes)["pictures_seen"] == 7 * 32
