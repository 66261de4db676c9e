"""The share of the floor is what it says: planted costs are found, in their place; ratios, never seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selftaught.benchmarking import parts
from selftaught.benchmarking.clock import Contender, interleave, ratio, timed
from selftaught.benchmarking.floor import Floor
from selftaught.benchmarking.full import Full
from selftaught.training.setup import Setup

Small = Callable[..., Setup]

SLEEP = 0.2
"""Of a step: what is planted."""

ROUNDS = 25

NOISE = 0.12
"""What a median of so many rounds may be off where caches are shared; an unseen sleep would be off by 0.2."""


def planted(setup: Setup, place: str, seconds: float, work_clock: Any) -> Setup:
    """The run with a sleep in one of its method's functions."""
    kind = type(setup.model)

    def sleepy(self: Any, *given: Any, **named: Any) -> Any:
        work_clock.sleep(seconds)
        return getattr(kind, place)(self, *given, **named)

    setup.model.__class__ = type(f"Sleepy{kind.__name__}", (kind,), {place: sleepy})
    return setup


@pytest.mark.parametrize(
    ("place", "part"), [("after_step", "after_step"), ("forward", "losses"), ("draw", "views")]
)
def test_a_planted_sleep_costs_the_share_what_it_takes_and_is_found_where_it_is(
    place: str, part: str, small: Small, work_clock: Any, tmp_path: Path
) -> None:
    plain = small("simclr")
    full, floor = Full(plain, tmp_path / "plain"), Floor(small("simclr"), compiled=False)
    for _ in range(3):
        full.step()
    seconds = SLEEP * timed(full.step, 20, plain.device)
    slowed = planted(small("simclr"), place, seconds, work_clock)
    spoilt, same = Full(slowed, tmp_path / "slowed"), Floor(slowed, compiled=False)
    contenders = {"floor": floor, "full": full, "spoilt": spoilt, "its floor": same}
    timings = interleave(
        {name: Contender(each.step) for name, each in contenders.items()},
        plain.device,
        repeats=ROUNDS,
        block=0.1,
    )
    whole = timings["full"].median
    expected = whole / (whole + seconds)
    assert expected < 0.92
    fallen = ratio(timings["full"], timings["spoilt"]).median
    assert fallen == pytest.approx(expected, rel=NOISE)
    assert ratio(timings["floor"], timings["its floor"]).median == pytest.approx(1, rel=NOISE)

    before = parts.watch(full, floor, plain.device, repeats=ROUNDS)
    after = parts.watch(spoilt, floor, plain.device, repeats=ROUNDS)
    more = {name: after[name] - before[name] for name in before}
    assert more[part] > seconds / 2
    # What is a difference of two long times is too blurred to be held to nothing.
    elsewhere = set(more) - {part, "losses", "optimiser"}
    assert all(more[name] < seconds / 2 for name in elsewhere)


def test_shares_add_up_to_the_whole(small: Small, tmp_path: Path) -> None:
    setup = small("byol")
    full, floor = Full(setup, tmp_path / "run"), Floor(setup, compiled=False)
    seconds = parts.watch(full, floor, setup.device, repeats=3)
    found = parts.shares(seconds, whole=sum(seconds.values()) + 1, of_floor=0.8)
    assert sum(found.values()) == pytest.approx(1)
    assert list(found) == list(parts.PARTS)


@pytest.mark.usefixtures("work_clock")
@pytest.mark.parametrize(("name", "least"), [("simclr", 0.7), ("byol", 0.6), ("vicreg", 0.6)])
def test_little_is_lost_beside_the_networks(
    name: str, least: float, small: Small, tmp_path: Path
) -> None:
    """A guard against what would make everything slow; how much is really lost stands in benchmarks/results."""
    setup = small(name, encoder="resnet_small", batch=64)
    full, floor = Full(setup, tmp_path / "run"), Floor(setup, compiled=False)
    contenders = {"floor": Contender(floor.step), "full": Contender(full.step)}
    timings = interleave(contenders, setup.device, repeats=7, block=0.1)
    assert ratio(timings["floor"], timings["full"]).median > least
