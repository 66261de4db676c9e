"""What a protocol is given, and what it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.data import Request, Source, Splits
from selftaught.encoders import Encoder
from selftaught.evaluation.features import Features, extract
from selftaught.measures import ACCURACY, Measure
from selftaught.views.engine import Views


# A pool is equal to itself alone: what was learnt from it can be kept with it.
@dataclass(frozen=True, eq=False)
class Pool:
    """The frozen features of one data set, as every protocol sees them.

    Whatever needs choosing is chosen with ``fit`` and ``held``, two disjoint parts of the bank,
    and never with the queries, on which the number is read.

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
class Subject:
    """The encoder that is judged and the pictures themselves, for protocols that need more than features.

    Attributes:
        encoder: on ``device``, in evaluation mode; a protocol that trains it takes a deep copy.
        splits: the data set: its names, statistics and further pictures.
        clean: the view that frozen features are read from.
        device: where the encoder is.
        dtype: what the encoder computes in; features are float32 whatever it is.
        batch: pictures that are encoded at once.
        bank: the labelled pictures whose features are ``Pool.bank``, row for row.
        queries: the labelled pictures whose features are ``Pool.queries``, row for row.
    """

    encoder: Encoder
    splits: Splits
    clean: Views
    device: torch.device
    dtype: torch.dtype
    batch: int
    bank: Source
    queries: Source

    def read(self, source: Source, encoder: Encoder | None = None) -> Features:
        """Frozen features of a source by the clean view.

        Args:
            encoder: another one than the subject's, on the same device.

        Raises:
            RunFailed: a feature is not finite.
        """
        return extract(
            self.encoder if encoder is None else encoder,
            source,
            self.clean,
            device=self.device,
            dtype=self.dtype,
            batch=self.batch,
        )

    def shown(
        self, source: Source, rows: Int64[Tensor, " m"], count: int
    ) -> Iterator[tuple[Int64[Tensor, " n"], Float[Tensor, "n c s s"]]]:
        """Pictures of a source by the clean view, not yet normalised: for what changes pictures.

        Args:
            rows: which of them, on the CPU.
            count: how many at once, at most.

        Yields:
            Some of the rows, and their pictures, float32 in [0, 1] on ``device``.
        """
        channels = source.channels
        plain = Views.clean(
            size=self.clean.size,
            channels=channels,
            levels=source.levels,
            mean=(0.0,) * channels,
            std=(1.0,) * channels,
        )
        requests = (
            Request(part, plain.plan(None, source.sizes[part])) for part in torch.split(rows, count)
        )
        for fetched in source.fetch(requests, plain.crop):
            given = fetched.given
            given = (
                given.to(self.device)
                if isinstance(given, Tensor)
                else [crop.to(self.device) for crop in given]
            )
            yield fetched.request.index, plain.apply(given, fetched.request.plan.to(self.device))[0]

    def encode(
        self, pictures: Float[Tensor, "n c s s"], dtype: torch.dtype
    ) -> Float[Tensor, "n d"]:
        """Features of pictures in [0, 1], float32; gradients reach the pictures.

        Args:
            dtype: what the encoder computes in.
        """
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            features: Tensor = self.encoder(self.clean.normalised(pictures))
        return features.float()


@dataclass(frozen=True)
class Result:
    """A number, and everything that it depends on.

    Attributes:
        value: the number, in the measure's unit; for accuracy the share of the queries that were
            classified rightly, in [0, 1].
        settings: what was set, chosen and counted; JSON can hold it.
        predictions: [m] int64, the class given to each query, on the CPU; None where none was given.
        measure: what the number is, by the name of its ``Measure``.
        scores: other numbers by name, floats.
        curves: what is worth drawing, by name; see ``curve``.
    """

    value: float
    settings: dict[str, Any]
    predictions: Tensor | None = None
    measure: str = ACCURACY.name
    scores: dict[str, float] = field(default_factory=dict)
    curves: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        pool: Pool,
        predictions: Tensor,
        *,
        scores: dict[str, float] | None = None,
        curves: dict[str, dict[str, Any]] | None = None,
        **settings: Any,
    ) -> "Result":
        """The accuracy of a protocol that gave the pool's queries these classes."""
        return cls(
            value=accuracy(predictions, pool.answers),
            settings=pool.settings | settings,
            predictions=predictions.cpu(),
            scores=scores or {},
            curves=curves or {},
        )

    @classmethod
    def measured(
        cls,
        pool: Pool,
        measure: Measure,
        value: float,
        *,
        predictions: Tensor | None = None,
        scores: dict[str, float] | None = None,
        curves: dict[str, dict[str, Any]] | None = None,
        **settings: Any,
    ) -> "Result":
        """Another number than the accuracy of given classes."""
        return cls(
            value=value,
            settings=pool.settings | settings,
            predictions=None if predictions is None else predictions.cpu(),
            measure=measure.name,
            scores=scores or {},
            curves=curves or {},
        )

    def facts(self) -> dict[str, Any]:
        """The protocol's part of results.json, without its parameters.

        Raises:
            ValueError: two things in it would share a key.
        """
        parts: list[dict[str, Any]] = [
            {"measure": self.measure},
            {self.measure: self.value},
            self.scores,
            {"curves": self.curves} if self.curves else {},
            self.settings,
        ]
        found: dict[str, Any] = {}
        for part in parts:
            if twice := found.keys() & part.keys():
                raise ValueError(f"a result says {sorted(twice)} twice")
            found |= part
        return found


def curve(
    x: Sequence[int | float],
    y: Sequence[int | float],
    *,
    across: str,
    up: str,
    low: Sequence[int | float] | None = None,
    high: Sequence[int | float] | None = None,
) -> dict[str, Any]:
    """A line to draw: points, what the axes are, and the ends of an interval at each point where there is one.

    Raises:
        ValueError: the lists differ in length.
    """
    ends = {} if low is None or high is None else {"low": list(low), "high": list(high)}
    found = {"x": list(x), "y": list(y), **ends}
    if len({len(values) for values in found.values()}) > 1:
        raise ValueError("the lists of a curve differ in length")
    return {"across": across, "up": up, **found}


def accuracy(predictions: Tensor, answers: Tensor) -> float:
    """Share of [n] predictions that equal the [n] answers."""
    return int((predictions == answers).sum()) / len(answers)
