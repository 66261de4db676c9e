"""What is compared: contestants, each with its seeds, each run with its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from selftaught import config
from selftaught.comparison.studies import Asked


@dataclass(frozen=True)
class Entrant:
    """One run of one contestant.

    Attributes:
        contestant: as the user wrote it, overrides included.
        seed: None where every seed gives the same.
        run: its configuration.
        folder: where it lies, relative to the comparison's directory.
        asked: False for a baseline that comes along unasked; it is left out where it cannot run.
    """

    contestant: str
    seed: int | None
    run: config.Run
    folder: Path
    asked: bool = True


@dataclass(frozen=True)
class Plan:
    """A comparison that has been checked as far as words can be.

    Attributes:
        directory: where everything is written.
        entrants: the runs.
        split: what they are judged on.
        seeds: what each seeded contestant runs with.
        protocols: how every run is judged: protocol to each of its parameters.
        fresh: move an older comparison aside.
        lenient: whether protocols that the data cannot carry are left out instead of refused.
        jobs: how many runs go on at once.
        study: the question that the runs answer, if there is one.
        to_label: pictures on the sheet that is written where none has a label.
        trackers: who is told of the runs while they go on.
    """

    directory: Path
    entrants: tuple[Entrant, ...]
    split: Literal["validation", "test"]
    seeds: tuple[int, ...]
    protocols: dict[str, dict[str, Any]]
    fresh: bool = False
    lenient: bool = False
    jobs: int = 1
    study: Asked | None = None
    to_label: int = 100
    trackers: tuple[str, ...] = ()
