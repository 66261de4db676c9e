"""What a tracker is told: who the run is, numbers by step, and how it ended."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class About:
    """Who a run is.

    Attributes:
        folder: its run folder.
        home: the directory in which it lies with the other runs that are told of.
        data: the name of its pictures; runs on the same pictures stand together.
        name: what it is called among them: ``simclr/seed-0``.
        identity: under which it is found again; the same as long as the run is.
        settings: its configuration, with dots between the levels.
        environment: where it ran.
        began: when, in seconds since 1970.
    """

    folder: Path
    home: Path
    data: str
    name: str
    identity: str
    settings: dict[str, Any]
    environment: dict[str, Any]
    began: float


@dataclass(frozen=True)
class Record:
    """Numbers of one step.

    Attributes:
        step: how many steps had been taken.
        at: when, in seconds since 1970.
        values: name to number: ``losses/nt_xent``, ``looks/knn``, ``test/linear``.
    """

    step: int
    at: float
    values: dict[str, float]


class Tracker(ABC):
    """One run, as TensorBoard, W&B or MLflow keeps it.

    Args:
        about: the run.
        known: the ``identity`` that it had when it was told of this run before; None the first time.
    """

    identity: str
    """What ``known`` is the next time."""

    where: str
    """A sentence for the user: where to look."""

    @abstractmethod
    def __init__(self, about: About, known: str | None) -> None: ...

    @abstractmethod
    def tell(self, records: Sequence[Record]) -> None:
        """Keep the numbers; steps never go back."""

    @abstractmethod
    def conclude(self, words: dict[str, str]) -> None:
        """Keep what was said of a run that has ended: ``verdict`` and ``verdict_text``."""

    @abstractmethod
    def close(self, *, ended: bool) -> None:
        """Let go; ``ended`` is False when the run may go on another time."""
