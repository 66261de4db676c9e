"""A run folder as training leaves it, step by step."""

from collections.abc import Callable
from pathlib import Path

import pytest

from selftaught import config
from selftaught.runs import RunFolder, write_json

STARTED = "2026-11-30T02:00:00+00:00"


def begin(path: Path, method: str = "simclr") -> RunFolder:
    path.mkdir(parents=True)
    config.write(config.resolve(method, {"data": "shapes"}), path / "run.yaml")
    write_json(path / "environment.json", {"started": STARTED})
    return RunFolder(path)


def go_on(folder: RunFolder, steps: range) -> None:
    """A line of losses for each step, and a look at every fourth."""
    for step in steps:
        place = {"step": step, "epoch": step / 4, "progress": step / 20, "seconds": 2.0 * step}
        losses = {"nt_xent": 6.0 - step / 10}
        folder.log("step", **place, pictures=16 * step, losses=losses, rate=0.1)
        if step % 4 == 0:
            folder.log("look", **place, pictures=16 * step, knn=step / 40, verdict="early")


def end(folder: RunFolder) -> None:
    folder.record(seconds=40.0, verdict="learning", verdict_text="kNN rose.")
    folder.record(test={"knn": {"accuracy": 0.5}, "linear": {"accuracy": 0.6}})


@pytest.fixture
def started() -> Callable[..., RunFolder]:
    return begin


@pytest.fixture
def trained() -> Callable[[RunFolder, range], None]:
    return go_on


@pytest.fixture
def finished() -> Callable[[RunFolder], None]:
    return end
