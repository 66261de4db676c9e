"""What a run would take on this machine: measured on a few of its own steps, and said with what is not known.

The steps are those of the training loop: same method, encoder, views, reading and precision. Where steps
of the run's own batch would take too long or too much memory, smaller batches are timed, and time and
memory are taken to grow with the batch along a straight line, which is said.
"""

import gc
import time
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import torch

from selftaught.data import Source
from selftaught.keys import shuffle
from selftaught.methods import Method
from selftaught.training import Setup
from selftaught.training.loop import ready, steps
from selftaught.training.machine import PeakMemory, available_memory, shortages_named
from selftaught.training.monitors import QUERIES, Monitor

WARM = 1
"""First steps that are not counted: they start workers and allocate."""

LEAST, MOST = 2, 8
"""Steps that are counted; the more, if the time allows."""

SMALL = (16, 32)
"""Batches that are tried before the run's own."""

LOOKED_AT = 64
"""Pictures that are encoded to see how long the looks of the monitor take."""


@dataclass(frozen=True)
class Timing:
    """Some steps of one batch.

    Attributes:
        seconds: of each step that was counted.
        first: of the steps that were not.
        memory: the most that was held, in bytes.
    """

    batch: int
    seconds: list[float]
    first: float
    memory: int


def cost(setup: Setup, budget: float) -> dict[str, Any]:
    """Seconds and bytes that a run would take, as JSON.

    Args:
        budget: about how many seconds the measuring may take.

    Raises:
        RunFailed: not even a small batch fits into memory.
    """
    torch.set_num_threads(setup.run.threads or torch.get_num_threads())
    own, least = setup.run.batch, getattr(setup.model, "least_batch", 2)
    room = available_memory(setup.device)
    began = time.monotonic()
    tried = [max(batch, least) for batch in SMALL if max(batch, least) < own]
    timings: list[Timing] = []
    for batch in dict.fromkeys(tried if setup.device.type == "cpu" else []):
        timings.append(timed(setup, batch, budget / 4, most=LEAST))
        if time.monotonic() - began > budget:
            break
    seconds, memory = straight(timings, own)
    fits = room is None or memory is None or memory < room
    if fits and (seconds is None or seconds * (WARM + LEAST) < budget):
        timings = [timed(setup, own, budget, most=MOST)]
    looks = looked(setup)
    return {
        "method": setup.run.method.name,
        "device": str(setup.device),
        "threads": torch.get_num_threads(),
        "dtype": str(setup.dtype).removeprefix("torch."),
        "steps": setup.steps,
        "batch": own,
        "measured": [
            {
                "batch": each.batch,
                "steps": len(each.seconds),
                "seconds": each.seconds,
                "memory": each.memory,
            }
            for each in timings
        ],
        "extrapolated": timings[-1].batch != own,
        **bounds(timings, own, setup.steps),
        "looks": looks,
        "available_memory": room,
    }


def timed(setup: Setup, batch: int, budget: float, most: int) -> Timing:
    """Take steps of ``batch`` pictures from fresh weights until the time or ``most`` is reached."""
    run = setup.run.model_copy(update={"batch": batch})
    count = max(setup.steps, WARM + most)
    every = replace(setup, run=run, per_epoch=len(setup.source) // batch, steps=count)
    memory = PeakMemory(setup.device)
    ends: list[float] = []
    # Weights move by a few steps and batch-norms with them; the next setup begins from fresh ones.
    with shortages_named(batch):
        learner = ready(every)
        began = time.perf_counter()
        for step, outputs, _ in steps(every, learner, 0):
            # Fetching a number waits for the device; the loop itself never does.
            float(torch.stack([loss.detach() for loss in outputs.losses.values()]).sum())
            ends.append(time.perf_counter())
            if step >= WARM + most or (step >= WARM + LEAST and ends[-1] - began > budget):
                break
        del learner
    gc.collect()
    times = [after - before for before, after in zip([began, *ends], ends, strict=False)]
    return Timing(batch, times[WARM:], sum(times[:WARM]), memory.read())


def straight(timings: list[Timing], batch: int) -> tuple[float | None, int | None]:
    """Seconds of a step and bytes at ``batch``, on the line through two smaller ones; None with none."""
    if not timings:
        return None, None
    last = timings[-1]
    if len(timings) == 1:
        scale = batch / last.batch
        return median(last.seconds) * scale, int(last.memory)
    first = timings[0]
    grown = (batch - last.batch) / (last.batch - first.batch)
    seconds = median(last.seconds) + (median(last.seconds) - median(first.seconds)) * grown
    # A step of more pictures never takes less than in proportion to the cheapest picture seen.
    seconds = max(seconds, 0.5 * median(last.seconds) * batch / last.batch)
    return seconds, int(last.memory + max(last.memory - first.memory, 0) * grown)


def bounds(timings: list[Timing], batch: int, count: int) -> dict[str, Any]:
    """The expected seconds of all steps, between what and what, and the memory.

    The bounds are those of the fastest and the slowest step that was counted; of smaller batches, those of
    a line through both and of a proportion to the largest.
    """
    last = timings[-1]
    if last.batch == batch:
        step, low, high = median(last.seconds), min(last.seconds), max(last.seconds)
        memory: int | None = last.memory
    else:
        line, memory = straight(timings, batch)
        assert line is not None
        scale = batch / last.batch
        step = line
        low = min(line, min(last.seconds) * scale)
        high = max(line, max(last.seconds) * scale)
    return {
        "seconds_a_step": step,
        "seconds": step * count,
        "seconds_low": low * count,
        "seconds_high": high * count,
        "pictures_per_second": batch / step,
        "memory_bytes": memory,
    }


def looked(setup: Setup) -> dict[str, Any]:
    """What the looks of the monitor will take, from one look at few pictures."""
    monitor, splits = setup.run.monitor, setup.splits
    few = replace(splits, train=_few(splits.train), validation=_few(splits.validation))
    small = Monitor(replace(setup, splits=few))
    assert isinstance(setup.model, Method)
    method = setup.model.to(setup.device)
    began = time.perf_counter()
    small.look(method, None)
    seconds = time.perf_counter() - began
    pictures = len(small.bank) + len(small.queries)
    every = min(len(splits.train), monitor.pictures) + min(len(splits.validation), QUERIES)
    number = 1 + -(-setup.run.epochs // monitor.every)  # before the first step, and at the end
    return {
        "number": number,
        "pictures": every,
        "measured_on": pictures,
        "seconds": number * seconds * every / pictures,
    }


def _few(source: Source) -> Source:
    return source.subset(shuffle(len(source), seed=0, epoch=0)[:LOOKED_AT].sort().values)
