"""A look changes nothing of the run, and says the same of the same weights, labels or none."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from selftaught import config
from selftaught.methods import Method
from selftaught.training import prepare
from selftaught.training.held_out import answer
from selftaught.training.monitors import LOOKING, Monitor
from selftaught.training.setup import Setup

SMALL = {
    "data": "shapes",
    "data.take": 120,
    "data.validation": 0.25,
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 16,
    "precision": "float32",
    "threads": 1,
    "device": "cpu",
}


def made(name: str, **changes: Any) -> tuple[Setup, Method]:
    setup = prepare(config.resolve(name, SMALL, changes))
    assert isinstance(setup.model, Method)
    return setup, setup.model.train()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("simclr", {"projector": [16, 8]}),
        ("byol", {"projector": [16, 8], "predictor": [16, 8]}),
        ("moco", {"projector": [16, 8], "queue": 40}),
        ("rotnet", {}),
        ("supervised", {}),
    ],
)
def test_a_look_changes_nothing_and_repeats_itself(name: str, changes: dict[str, Any]) -> None:
    setup, method = made(name, **changes)
    before = {key: tensor.clone() for key, tensor in method.state_dict().items()}
    state = torch.random.get_rng_state()
    monitor = Monitor(setup)
    rng = torch.random.get_rng_state()
    first, second = monitor.look(method, None), monitor.look(method, None)
    assert first == second
    assert torch.equal(rng, torch.random.get_rng_state())
    assert len(state) == len(rng)
    assert all(torch.equal(before[key], tensor) for key, tensor in method.state_dict().items())
    assert all(module.training for module in method.encoder.modules())
    assert first["growth"] == 1.0
    assert (first["different"], first["bank"], first["pairs"]) == (90, 90, 30)
    assert all(math.isfinite(value) for value in first.values())


def test_the_loss_is_the_one_that_training_has() -> None:
    setup, method = made("supervised")
    rows = torch.arange(16)
    loss, projections = answer(setup, method, setup.splits.validation, rows, LOOKING)
    assert projections is None
    assert loss == pytest.approx(math.log(10), abs=1.0)
    same, _ = answer(setup, method, setup.splits.validation, rows, LOOKING)
    other, _ = answer(setup, method, setup.splits.validation, rows, LOOKING - 1)
    assert loss == same != other


def test_growth_is_of_the_matrix_that_grew_most() -> None:
    setup, method = made("rotnet")
    monitor = Monitor(setup)
    with torch.no_grad():
        convolutions = [m for m in method.encoder.modules() if isinstance(m, torch.nn.Conv2d)]
        convolutions[2].weight.mul_(3)
    assert monitor.look(method, None)["growth"] == pytest.approx(3, rel=1e-5)


def test_a_final_run_holds_nothing_back() -> None:
    setup, method = made("rotnet", final=True)
    row = Monitor(setup).look(method, None)
    assert "loss_taught" in row
    assert "loss_held" not in row


def test_without_labels_recognition_and_losses_remain(unlabelled: Path) -> None:
    setup, method = made("rotnet", data=str(unlabelled), **{"data.take": 80})
    row = Monitor(setup).look(method, None)
    assert not {"knn", "linear", "queries"} & set(row)
    assert 0 <= row["recognised"] <= 1
    assert "loss_held" in row
