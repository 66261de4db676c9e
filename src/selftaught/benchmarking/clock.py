"""Fair time: contenders in turn, each block behind a warm-up, medians and ratios of the same round."""

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

BLOCK_SECONDS = 0.5
"""A block has as many steps as fill this, one at least: a clock's own noise is then far below a percent."""

SETTLE_SECONDS = 2.0
"""The most that is spent, before and after a block, on workers that read ahead."""

WARM = 3
"""Steps before anything is timed: allocators, caches, compilers and autotuners settle in them."""


@dataclass(frozen=True)
class Contender:
    """Something that takes steps.

    Attributes:
        step: takes one.
        ahead: batches that worker processes keep ready. They are eaten untimed before each block, and the
            workers are given the time to fill up again after it, so that they neither help nor disturb
            (``SETTLE_SECONDS`` of either at most: where steps are slow, workers never fall behind).
    """

    step: Callable[[], object]
    ahead: int = 0


@dataclass
class Timing:
    """What the clock said of one contender.

    Attributes:
        seconds: of a step, one number a round.
        steps: in a block.
        settle: steps that fill ``SETTLE_SECONDS``.
    """

    steps: int
    settle: int
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Ratio:
    """How the seconds of one relate to those of another, round by round."""

    median: float
    low: float
    high: float

    @property
    def range(self) -> list[float]:
        return [self.low, self.high]


def ratio(above: Timing, below: Timing) -> Ratio:
    """``above`` over ``below``: of each round, the two halves of which saw the same machine."""
    each = [a / b for a, b in zip(above.seconds, below.seconds, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))


def interleave(
    contenders: Mapping[str, Contender],
    device: torch.device,
    *,
    repeats: int,
    block: float = BLOCK_SECONDS,
) -> dict[str, Timing]:
    """Time the contenders in turn, A B A B.

    Args:
        repeats: rounds, each with one block of every contender.
        block: seconds that a block fills.
    """
    timings = {name: _warmed(each, device, block) for name, each in contenders.items()}
    for _ in range(repeats):
        for name, contender in contenders.items():
            timing = timings[name]
            for _ in range(min(contender.ahead, timing.settle)):
                contender.step()
            timing.seconds.append(timed(contender.step, timing.steps, device))
            time.sleep(min(contender.ahead * timing.seconds[-1], SETTLE_SECONDS))
    return timings


def _warmed(contender: Contender, device: torch.device, block: float) -> Timing:
    for _ in range(WARM):
        contender.step()
    each = max(timed(contender.step, 1, device), 1e-9)
    return Timing(math.ceil(block / each), math.ceil(SETTLE_SECONDS / each))


def timed(step: Callable[[], object], steps: int, device: torch.device) -> float:
    """Mean seconds of a step, the device being idle before and after."""
    synchronise(device)
    began = time.perf_counter()
    for _ in range(steps):
        step()
    synchronise(device)
    return (time.perf_counter() - began) / steps


def synchronise(device: torch.device) -> None:
    """Wait until the device has nothing left to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class Stopwatch:
    """Seconds of each part of a step. It waits for the device at every end, so the whole is slower."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: dict[str, float] = {}
        self.start()

    def start(self) -> None:
        """Forget what was measured; the first part begins."""
        self.seconds = {}
        synchronise(self.device)
        self.at = time.perf_counter()

    def ended(self, part: str) -> None:
        synchronise(self.device)
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self.at
        self.at = now
