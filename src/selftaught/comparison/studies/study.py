"""What a study is: the runs and protocols it takes, and aspects of its claim, each a number of one run."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selftaught import judging

Row = Mapping[str, Any]
"""A row of comparison.json."""

Values = Sequence[float | None]
"""A number of each seed's run; None where it has none, ``BEYOND`` where that is all that is known."""

BEYOND = math.inf
"""A number above all that was tried: it is larger, and nobody knows by how much."""

HARDLY = 0.02
"""Accuracy above chance below which no share of it is taken."""


@dataclass(frozen=True)
class Aspect:
    """One thing that is claimed of self-supervised encoders, as a number of which more is better.

    Attributes:
        question: what is asked of a contestant: "more robust to corruptions than supervised training".
        number: what the number is, with its unit.
        protocol: where it is read.
        read: the protocol's part of a row, and the accuracy of chance, to the number; None without one, and
            ``BEYOND`` where it is too large to be known.
        rival: the contestant that it is compared with.
        theirs: the rival's numbers from all rows, where ``read`` does not do.
        share: whether it is a share, written in percent.
        beyond: what a run did whose number is ``BEYOND``.
    """

    question: str
    number: str
    protocol: str
    read: Callable[[Mapping[str, Any], float], float | None]
    rival: str = "supervised"
    theirs: Callable[[Sequence[Row], float], Values] | None = None
    share: bool = True
    beyond: str = "lay beyond all that was tried"

    def values(self, contestant: str, rows: Sequence[Row], chance: float) -> Values:
        """The numbers of a contestant's finished runs.

        A run without one stays in the list: which runs have none depends on how good they are, so a mean over
        the others would be that of a selection.
        """
        own = [row for row in rows if row["contestant"] == contestant and row["error"] is None]
        results = [row["results"][self.protocol] for row in own if self.protocol in row["results"]]
        return [self.read(result, chance) for result in results]

    def rivals(self, rows: Sequence[Row], chance: float) -> Values:
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


@dataclass(frozen=True)
class Answer:
    """What the runs say of one aspect, before it is put into words.

    Attributes:
        aspect: what was asked.
        findings: what was found of each contestant.
        place: where, as it follows the question: `` on resnet_tiny``.
        remark: what follows the sentence.
    """

    aspect: Aspect
    findings: list[dict[str, Any]]
    place: str = ""
    remark: str = ""


Reading = Callable[["Study", Asked, Sequence[Row], float], list[Answer]]
"""Rows and the accuracy of chance to answers."""


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

    Args:
        chance: the best accuracy of one guess for all pictures: the share of the largest class.

    Returns:
        None where the clean accuracy hardly exceeds chance.
    """
    return None if clean - chance < HARDLY else (accuracy - chance) / (clean - chance)
