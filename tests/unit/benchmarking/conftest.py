"""Small runs to measure."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from selftaught import catalogue, config
from selftaught.benchmarking import clock
from selftaught.training import prepare
from selftaught.training.setup import Setup

SMALL = {
    "data": "shapes",
    "data.take": 120,
    "batch": 32,
    "precision": "float32",
    "device": "cpu",
    "threads": 1,
    "monitor.pictures": 50,
}
NARROW = {
    "projector": [32, 16],
    "predictor": [32, 16],
    "prototypes": 12,
    "classifier": [16],
    "queue": 40,
    "slice_size": 32,
    "width": 16,
    "depth": 1,
    "heads": 2,
    "directions": 8,
    "permutations": 10,
}


def _small(name: str, **changes: Any) -> Setup:
    entry = catalogue.entry(name)
    encoder = "vit_micro" if entry.needs.get("tokens") else "resnet_tiny"
    own = {key: value for key, value in NARROW.items() if key in entry.parameters}
    if name == "simsiam":
        own["predictor"] = [8, 16]
    extra = {"encoder": encoder, "encoder.stem": "auto" if encoder == "vit_micro" else "strided"}
    return prepare(config.resolve(name, SMALL, extra, own, changes))


@pytest.fixture
def small() -> Callable[..., Setup]:
    """``small(name, **changes)``: a small run of a method, made ready."""
    return _small


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class WorkClock:
    """Stands in for ``time``: the seconds that this process computed, and those that it is told to sleep.

    Other work on the machine does not move it: what a test plants is found however busy the machine is.
    """

    def __init__(self) -> None:
        self.slept = 0.0

    def perf_counter(self) -> float:
        return time.process_time() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@pytest.fixture
def work_clock(monkeypatch: pytest.MonkeyPatch) -> WorkClock:
    stand_in = WorkClock()
    monkeypatch.setattr(clock, "time", stand_in)
    return stand_in
