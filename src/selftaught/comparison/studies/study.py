"""What a study is: the runs and protocols it takes, and aspects of its claim, each a number of one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selftaught import judging

Row = Mapping[str, Any]
"""A row of comparison.json."""

HARDLY = 0.02
"""Accuracy above chance below which no share of it is taken."""


@dataclass(frozen=True)
class Aspect:
    """One thing that is claimed of self-supervised encoders, as a number of which more is better.

    Attributes:
        question: what is asked of a contestant: "more robust to corruptions than supervised training".
        number: what the number is, with its unit.
        protocol: where it is read.
        read: the protocol's part of a row, and the accuracy of chance, to the number; None without one.
        rival: the contestant that it is compared with.
        theirs: the rival's numbers from all rows, where ``read`` does not do.
        share: whether it is a share, written in percent.
    """

    question: str
    number: str
    protocol: str
    read: Callable[[Mapping[str, Any], float], float | None]
    rival: str = "supervised"
    theirs: Callable[[Sequence[Row], float], list[float]] | None = None
    share: bool = True

    def values(self, contestant: str, rows: Sequence[Row], chance: float) -> list[float]:
        """The numbers of a contestant's finished runs, without those that have none."""
        own = [row for row in rows if row["contestant"] == contestant and row["error"] is None]
        results = [row["results"][self.protocol] for row in own if self.protocol in row["results"]]
        found = [self.read(result, chance) for result in results]
        return [value for value in found if value is not None]

    def rivals(self, rows: Sequence[Row], chance: float) -> list[float]:
        """The rival's numbers."""
        return (
            self.values(self.rival, rows, chance)
            if self.theirs is None
            else self.theirs(rows, chance)
        )

    def text(self, value: float, sign: str = "") -> str:
        """A value or, with a sign, a difference."""
        return f"{100 * value:{sign}.1f}" if self.share else f"{value:{sign}.2f}"


@dataclass(frozen=True)
class Asked:
    """A study as it was asked for.

    Attributes:
        name: the study.
        contestants: whom it is about, as the user wrote them.
        encoders: the sizes, the smaller first, where it needs some.
    """

    name: str
    contestants: tuple[str, ...]
    encoders: tuple[str, ...] = ()


Reading = Callable[["Study", Asked, Sequence[Row], float], list[dict[str, Any]]]
"""Rows and the accuracy of chance to answers, each with its ``sentence``."""


@dataclass(frozen=True)
class Study:
    """A plan of runs, and a reading of them.

    Attributes:
        claim: the course's, in one sentence.
        aspects: what is asked.
        reading: how the rows answer.
        rivals: contestants that come along, because the others are compared with them.
        encoders: the sizes that each contestant is run with, the smaller first; none takes the recipe's.
        changes: protocol to those of its parameters that the study sets, where the user does not.
    """

    claim: str
    aspects: tuple[Aspect, ...]
    reading: Reading
    rivals: tuple[str, ...] = ("supervised",)
    encoders: tuple[str, ...] = ()
    changes: judging.Changes = field(default_factory=dict)

    @property
    def protocols(self) -> tuple[str, ...]:
        """How its runs are judged; ``linear`` is always among them."""
        return tuple(dict.fromkeys(["linear", *(aspect.protocol for aspect in self.aspects)]))


def above_chance(accuracy: float, clean: float, chance: float) -> float | None:
    """The share of an accuracy that is kept, both counted from chance: who only guesses keeps nothing worth.

    Returns:
        None where the clean accuracy hardly exceeds chance.
    """
    return None if clean - chance < HARDLY else (accuracy - chance) / (clean - chance)
