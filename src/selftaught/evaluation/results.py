"""What a protocol is given, and what it answers."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Pool:
    """The frozen features of one data set, as every protocol sees them.

    Whatever needs choosing is chosen with ``fit`` and ``held``, two disjoint parts of the bank,
    and never with the queries, whose accuracy is reported.

    Attributes:
        bank: [n, d] float32, features that a protocol may learn from.
        labels: [n] int64, their classes.
        fit: [f] int64, rows of the bank that learn while something is chosen.
        held: [h] int64, rows of the bank on which it is chosen.
        queries: [m, d] float32, features to classify.
        answers: [m] int64, their classes.
        classes: how many classes there are.
        settings: what is true of every protocol's number: split, bank, counts of pictures.
        chosen_on: what ``held`` is, in words.
    """

    bank: Tensor
    labels: Tensor
    fit: Tensor
    held: Tensor
    queries: Tensor
    answers: Tensor
    classes: int
    settings: dict[str, Any]
    chosen_on: str


@dataclass(frozen=True)
class Result:
    """A number, and everything that it depends on.

    Attributes:
        accuracy: share of the queries that were classified rightly, in [0, 1].
        settings: what was set, chosen and counted; JSON can hold it.
        predictions: [m] int64, the class given to each query, on the CPU.
    """

    accuracy: float
    settings: dict[str, Any]
    predictions: Tensor

    @classmethod
    def of(cls, pool: Pool, predictions: Tensor, **settings: Any) -> "Result":
        """The result of a protocol that gave the pool's queries these classes."""
        return cls(
            accuracy=accuracy(predictions, pool.answers),
            settings=pool.settings | settings,
            predictions=predictions.cpu(),
        )


def accuracy(predictions: Tensor, answers: Tensor) -> float:
    """Share of [n] predictions that equal the [n] answers."""
    return int((predictions == answers).sum()) / len(answers)
