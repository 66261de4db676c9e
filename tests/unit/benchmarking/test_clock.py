"""Contenders take turns, and every ratio is of one round."""

import time
from typing import Any

import pytest
import torch

from selftaught.benchmarking import clock
from selftaught.benchmarking.clock import Contender, Stopwatch, Timing, interleave, ratio

CPU = torch.device("cpu")


def test_contenders_take_turns_and_none_is_timed_before_it_is_warm() -> None:
    taken: list[str] = []

    def step(name: str) -> Contender:
        def take() -> None:
            taken.append(name)
            time.sleep(0.002)

        return Contender(take)

    timings = interleave({"a": step("a"), "b": step("b")}, CPU, repeats=3, block=0.001)
    warm = clock.WARM + 1  # and one that finds out how long a block is
    assert taken == ["a"] * warm + ["b"] * warm + ["a", "b"] * 3
    assert [timing.steps for timing in timings.values()] == [1, 1]
    assert all(len(timing.seconds) == 3 for timing in timings.values())


def test_a_block_is_as_many_steps_as_fill_it() -> None:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1
        time.sleep(0.004)

    timings = interleave({"a": Contender(step)}, CPU, repeats=1, block=0.02)
    assert 1 < timings["a"].steps <= 5
    assert taken == clock.WARM + 1 + timings["a"].steps
    assert timings["a"].median >= 0.004


def test_batches_that_workers_kept_ready_are_eaten_untimed(work_clock: Any) -> None:
    ready = [0.0] * 50  # from here on every batch takes its time

    def step() -> None:
        work_clock.sleep(ready.pop() if ready else 3.0)
        ready[:] = ready[:4]

    spoilt = interleave({"a": Contender(step)}, CPU, repeats=1, block=1e-9)["a"]
    ready[:] = [0.0] * 50
    fair = interleave({"a": Contender(step, ahead=4)}, CPU, repeats=1, block=1e-9)["a"]
    assert spoilt.median < 3 <= fair.median


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    slow = Timing(1, 1, [2.0, 20.0, 6.0])
    fast = Timing(1, 1, [1.0, 10.0, 2.0])  # the machine was ten times slower in the second round
    found = ratio(slow, fast)
    assert (found.median, found.range) == (2.0, [2.0, 3.0])


def test_a_stopwatch_gives_each_part_what_passed_since_the_last(work_clock: Any) -> None:
    watch = Stopwatch(CPU)
    work_clock.sleep(2.0)
    watch.ended("one")
    watch.ended("two")
    work_clock.sleep(1.0)
    watch.ended("one")
    assert watch.seconds["one"] == pytest.approx(3, abs=0.5)
    assert watch.seconds["two"] < 0.5
    watch.start()
    assert watch.seconds == {}
    assert watch.at == pytest.approx(work_clock.perf_counter(), abs=0.5)
