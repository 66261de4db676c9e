"""A budget becomes steps once; a run that goes on keeps them, and its schedule ends at 1."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from selftaught import config
from selftaught.errors import Interrupted
from selftaught.runs import RunFolder
from selftaught.training import carry_out, lengths, prepare
from selftaught.training import loop as loop_module

SMALL = {
    "data": "shapes",
    "data.take": 120,
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 32,
    "monitor.every": 1,
    "precision": "float32",
    "threads": 1,
    "device": "cpu",
    "projector": [16, 8],
}


def results(folder: Path, **changes: Any) -> dict[str, Any]:
    run = config.resolve("simclr", SMALL, changes)
    return carry_out(prepare(run), RunFolder.open(folder, run), split=None)


def test_pictures_are_steps_not_epochs(tmp_path: Path) -> None:
    found = results(tmp_path, budget="170pictures")  # 108 to train on: 3 steps an epoch
    assert found["pictures_seen"] == 5 * 32
    last = RunFolder(tmp_path).metrics("look")[-1]
    assert (last["step"], last["progress"]) == (5, 1.0)


def test_a_time_is_measured_with_the_methods_own_steps(tmp_path: Path) -> None:
    found = results(tmp_path, budget="1s")
    length = json.loads((tmp_path / lengths.FILE).read_text(encoding="utf-8"))
    assert length["budget"] == "1s"
    assert length["timed_steps"] >= lengths.LEAST
    assert length["steps"] == max(int(1 * length["pictures_per_second"] / 32), 1)
    assert found["pictures_seen"] == length["steps"] * 32


def test_measuring_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    results(tmp_path / "one", budget="96pictures")
    results(tmp_path / "two", budget="1s")
    first = [RunFolder(tmp_path / name).metrics("step")[0]["losses"] for name in ("one", "two")]
    assert first[0] == first[1]


def test_a_run_that_goes_on_keeps_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = config.resolve("simclr", SMALL, {"budget": "192pictures"})
    folder = RunFolder.open(tmp_path, run)
    real = loop_module.assemble

    def stopped(setup: Any, method: Any, fetched: Any, step: int) -> Any:
        if step == 2:
            signal.raise_signal(signal.SIGINT)
        return real(setup, method, fetched, step)

    monkeypatch.setattr(loop_module, "assemble", stopped)
    with pytest.raises(Interrupted):
        carry_out(prepare(run), folder, split=None)
    monkeypatch.setattr(loop_module, "assemble", real)
    monkeypatch.setattr(lengths, "_length", lambda setup: pytest.fail("settled twice"))
    found = carry_out(prepare(run), folder, split=None)
    assert found["pictures_seen"] == 192


def test_a_baseline_and_a_run_without_a_budget_are_as_they_were(tmp_path: Path) -> None:
    for name, changes in (("untrained", {"budget": "1s"}), ("rotnet", {})):
        small = {key: value for key, value in SMALL.items() if key != "projector"}
        run = config.resolve(name, small, changes)
        setup = prepare(run)
        assert lengths.settled(setup, RunFolder.open(tmp_path / name, run)) is setup


def test_the_speed_of_every_stage_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = {8: 400.0, 24: 100.0}
    monkeypatch.setattr(lengths, "_stage_speed", lambda _, views, __: (speeds[views.size], 5))
    results(tmp_path, budget="1s", **{"views.sides": [8, 24]})
    length = json.loads((tmp_path / lengths.FILE).read_text(encoding="utf-8"))
    assert length["pictures_per_second"] == pytest.approx(
        160
    )  # as long in each stage: 2 / (1/400 + 1/100)
    assert length["timed_steps"] == 10
