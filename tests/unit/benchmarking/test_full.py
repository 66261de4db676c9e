"""What is timed is the training loop's own step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from selftaught.benchmarking.full import Full
from selftaught.methods import Method
from selftaught.runs import RunFolder
from selftaught.training import loop
from selftaught.training.progress import Reporter
from selftaught.training.setup import Setup

Small = Callable[..., Setup]
PARTS = ["reading", "views", "forward", "backward", "optimiser", "after_step"]


def test_a_step_is_all_parts_of_the_loops_and_the_ledger(tmp_path: Path, small: Small) -> None:
    full, heard = Full(small("byol"), tmp_path / "run"), []
    full.step()
    full.step(heard.append)
    assert heard == [*PARTS, "logging"]
    assert full.listener is not None
    full.step()
    assert len(heard) == 7


def test_training_takes_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Small
) -> None:
    heard: list[str] = []
    original = loop.steps

    def listened(*given: Any) -> Any:
        return original(*given, heard.append)

    monkeypatch.setattr(loop, "steps", listened)
    setup = small("simclr", epochs=1)
    folder = RunFolder.open(tmp_path / "run", setup.run)
    loop.train(setup, folder, Reporter("test", setup.steps))
    assert heard == PARTS * setup.steps


def test_it_never_ends_and_writes_as_often_as_the_run_would(tmp_path: Path, small: Small) -> None:
    setup = small("simclr", epochs=1)
    full = Full(setup, tmp_path / "run")
    for _ in range(2 * setup.steps):
        full.step()
    lines = RunFolder(tmp_path / "run").metrics("step")
    assert len(lines) == 2 * setup.steps  # a run of so few steps writes each


def test_fresh_weights_hardly_move(tmp_path: Path, small: Small) -> None:
    """Full rates from the first step on would make some methods diverge, and numbers that are none are slow."""
    setup = small("vicreg")
    assert isinstance(setup.model, Method)
    before = [p.detach().clone() for p in setup.model.parameters()]
    full = Full(setup, tmp_path / "run")
    for _ in range(3):
        full.step()
    after = list(setup.model.parameters())
    assert not all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a, b, rtol=0.01, atol=1e-4)
