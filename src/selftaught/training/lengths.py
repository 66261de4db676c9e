"""How long a run with a budget trains: settled once, before its first step, and kept in its folder.

A number of pictures is a number of steps. For a time the speed of this very method on this machine is
measured with its own steps, on a copy that is thrown away; from it follows the number of steps, so that
schedules end when the training does. What a slower or faster hour does to the clock afterwards is not chased:
``results.json`` says the seconds that it took.
"""

import json
import time
from dataclasses import asdict, dataclass, replace

import torch

from selftaught.budget import parse
from selftaught.distributed import agreed
from selftaught.methods import Method
from selftaught.runs import RunFolder, write_json
from selftaught.training import loop
from selftaught.training.setup import Setup, prepare
from selftaught.views.engine import Views

FILE = "length.json"

WARM = 3
"""Steps before the clock starts: the first of them compile, and fill caches."""

SECONDS = 5.0
"""Seconds of steps that are timed, at most; a fiftieth of the budget where that is less."""

LEAST = 4
"""Steps that are timed at least."""


@dataclass(frozen=True)
class Length:
    """How long a run trains, and why.

    Attributes:
        budget: as it stands in the configuration.
        steps: what follows from it.
        pictures_per_second: what was measured; None for a number of pictures.
        timed_steps: over how many steps.
    """

    budget: str
    steps: int
    pictures_per_second: float | None = None
    timed_steps: int = 0


def settled(setup: Setup, folder: RunFolder) -> Setup:
    """The setup with as many steps as its budget buys; one without a budget, or a baseline, is as it was."""
    run = setup.run
    if run.budget is None or not isinstance(setup.model, Method):
        return setup
    file = folder.path / FILE
    if file.is_file():
        length = Length(**json.loads(file.read_text(encoding="utf-8")))
    else:
        length = _length(setup)
        write_json(file, asdict(length))
    return replace(setup, steps=length.steps)


def _length(setup: Setup) -> Length:
    run = setup.run
    assert run.budget is not None
    budget = parse(run.budget)
    if budget.pictures is not None:
        return Length(run.budget, max(budget.pictures // run.batch, 1))
    assert budget.seconds is not None
    speed, timed = _speed(setup, min(SECONDS, budget.seconds / 50))
    return Length(run.budget, max(int(budget.seconds * speed / run.batch), 1), speed, timed)


def _speed(setup: Setup, seconds: float) -> tuple[float, int]:
    """Pictures a second of this run's own steps, on a copy of it, and over how many steps."""
    found = [_stage_speed(setup, views, seconds / len(setup.stages)) for views in setup.stages]
    return len(found) / sum(1 / speed for speed, _ in found), sum(timed for _, timed in found)


def _stage_speed(setup: Setup, views: Views, seconds: float) -> tuple[float, int]:
    copy = replace(prepare(setup.run), stages=(views,))
    copy = replace(copy, steps=max(copy.steps, 10_000))  # the source must not run dry
    learner = loop.ready(copy)
    began, timed = 0.0, 0
    for step, outputs, _ in loop.steps(copy, learner, 0):
        if step <= WARM:
            _wait(outputs.features)
            began = time.monotonic()
            continue
        timed += 1
        (ends,) = agreed(timed >= LEAST and time.monotonic() - began >= seconds)
        if ends:
            _wait(outputs.features)
            break
    (nanoseconds,) = agreed(int(1e9 * (time.monotonic() - began)))  # of the slowest rank
    return timed * setup.run.batch / max(nanoseconds / 1e9, 1e-9), timed


def _wait(tensor: torch.Tensor) -> None:
    """Until the device has done what it was given."""
    tensor.detach().flatten()[:1].cpu()
