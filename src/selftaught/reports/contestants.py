"""What the page is made of: a comparison, its contestants, and each seed's files."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jaxtyping import Float, Int
from numpy import ndarray

from selftaught import catalogue
from selftaught.measures import Measure, number
from selftaught.reports.sheet import Sheet

INKS = 8
GREYS = 5


@dataclass(frozen=True)
class Atlas:
    """The test pictures that every contestant was asked to place.

    Attributes:
        sheet: the sprite sheet, WebP.
        tile: side of a picture on it, in pixels.
        columns: pictures in a row of it.
        index: [n] row of each picture in the split that was judged.
        labels: [n] class of each picture.
        classes: their names.
    """

    sheet: bytes
    tile: int
    columns: int
    index: Int[ndarray, " n"]
    labels: Int[ndarray, " n"]
    classes: list[str]


@dataclass(frozen=True)
class DrawnMaps:
    """Where the atlas' pictures lie on the maps of a run's features.

    Attributes:
        share: of the variance, held by the axes of the first map, in percent.
        pca, tsne: positions as the page carries them; None where there is nothing to map.
    """

    share: int | None
    pca: str | None
    tsne: str | None


@dataclass(frozen=True)
class RunFolder:
    """One seed's files.

    Attributes:
        row: its line of comparison.json.
        steps, looks: the lines of metrics.jsonl.
        configuration: run.yaml as it stands.
        environment: environment.json.
        views: the sheet of views, WebP.
        features: [n, d] of the atlas' pictures.
        predictions: [n] a probe's classes for them.
        missing: the files that are absent or unreadable.
        folder: where they lie.
        maps: of its features, once they are drawn.
    """

    row: dict[str, Any]
    steps: list[dict[str, Any]] = field(default_factory=list)
    looks: list[dict[str, Any]] = field(default_factory=list)
    configuration: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    views: bytes | None = None
    features: Float[ndarray, "n d"] | None = None
    predictions: Int[ndarray, " n"] | None = None
    missing: list[str] = field(default_factory=list)
    folder: Path | None = None
    maps: DrawnMaps | None = None

    @cached_property
    def settings(self) -> dict[str, Any]:
        """run.yaml, parsed; empty where it is missing or no mapping."""
        try:
            loaded = yaml.safe_load(self.configuration or "")
        except yaml.YAMLError:
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def result(self, protocol: str) -> dict[str, Any]:
        """What a protocol wrote; empty where it was not run."""
        return (self.row.get("results") or {}).get(protocol) or {}


@dataclass(frozen=True)
class Contestant:
    """All seeds of one contestant.

    Attributes:
        place: its place among all contestants, by which the page's scripts know it.
        ink: the variable of its colour, the same in every section.
        shape: the form of its marks, so that colour is never the only sign.
        dash: the pattern of its lines, for the same reason.
    """

    name: str
    family: str
    runs: list[RunFolder]
    summary: dict[str, Any]
    place: int = 0
    ink: str = "--ink-0"
    shape: int = 0
    dash: int = 0

    @property
    def baseline(self) -> bool:
        """Whether it is there to measure the others against."""
        return self.family == "baselines"

    @property
    def sees_labels(self) -> bool:
        """Whether labels had a part in its training."""
        return any(run.row.get("sees_labels") for run in self.runs)

    @property
    def encoder(self) -> str | None:
        """The architecture that it was trained on; None for one of its own."""
        return next((run.row.get("encoder") for run in self.runs), None)

    @property
    def errors(self) -> list[str]:
        """A sentence for each seed that failed."""
        return [run.row["error"] for run in self.runs if run.row.get("error")]

    def values(self, protocol: str) -> list[float]:
        """Every seed's number under a protocol, an accuracy in [0, 1]."""
        found = [number(run.result(protocol)) for run in self.runs]
        return [value for value in found if value is not None]

    def mean(self, protocol: str) -> float | None:
        """The mean over the seeds; None without any."""
        return mean(self.values(protocol))

    def interval(self, protocol: str) -> tuple[float, float] | None:
        """The interval of the mean that the comparison worked out; None under three seeds."""
        result = (self.summary.get("results") or {}).get(protocol) or {}
        interval = result.get("interval")
        return (float(interval[0]), float(interval[1])) if interval else None

    def average(self, key: str) -> float | None:
        """The mean of a row's number over the seeds that have it."""
        return mean(run.row[key] for run in self.runs if run.row.get(key) is not None)

    def first(self, attribute: str) -> RunFolder | None:
        """The first seed whose folder has this part."""
        return next((run for run in self.runs if getattr(run, attribute) is not None), None)

    def curves(self, protocol: str) -> list[Any]:
        """Every seed's curves under a protocol, where it has any."""
        found = [run.result(protocol).get("curves") for run in self.runs]
        return [curves for curves in found if curves]


@dataclass(frozen=True)
class Comparison:
    """Everything the page is made of."""

    facts: dict[str, Any]
    contestants: list[Contestant]
    atlas: Atlas | None
    sheet: Sheet | None = None

    @property
    def methods(self) -> list[Contestant]:
        """The contestants that are no baselines."""
        return [contestant for contestant in self.contestants if not contestant.baseline]

    @property
    def baselines(self) -> list[Contestant]:
        """The contestants that the others are measured against."""
        return [contestant for contestant in self.contestants if contestant.baseline]

    @property
    def protocols(self) -> list[str]:
        """Every protocol that any row was read with, in order of appearance."""
        rows = (run.row for contestant in self.contestants for run in contestant.runs)
        return list(dict.fromkeys(name for row in rows for name in row.get("results") or {}))

    def measure(self, protocol: str) -> Measure:
        """What a protocol's number is."""
        runs = (run for contestant in self.contestants for run in contestant.runs)
        return catalogue.measure(
            protocol, next(filter(None, (r.result(protocol) for r in runs)), {})
        )

    @property
    def headline(self) -> str | None:
        """The protocol that ranks: the linear probe where it was run, else the first of which more or less is
        better."""
        ranking = [name for name in self.protocols if self.measure(name).higher is not None]
        return "linear" if "linear" in ranking else next(iter(ranking), None)

    @property
    def seeds(self) -> int:
        """How many seeds were asked for."""
        return len(self.facts.get("seeds") or [])

    @property
    def split(self) -> str:
        """The split that was read."""
        return str(self.facts.get("split") or "test")


def marked(contestants: Iterable[Contestant]) -> list[Contestant]:
    """Methods before baselines, each with its colour and form; baselines are grey."""
    found: list[Contestant] = []
    counts = {False: 0, True: 0}
    for each in sorted(contestants, key=lambda contestant: contestant.baseline):
        number = counts[each.baseline]
        counts[each.baseline] += 1
        colours, name = (GREYS, "grey") if each.baseline else (INKS, "ink")
        # Where the colours start again, the forms are shifted: no two are alike in both.
        shape = (number + number // colours) % 4
        found.append(
            replace(
                each,
                place=len(found),
                ink=f"--{name}-{number % colours}",
                shape=shape,
                dash=shape if each.baseline else number // colours,
            )
        )
    return found


def mean(values: Iterable[float]) -> float | None:
    """The mean of those there are."""
    known = list(values)
    return float(sum(known) / len(known)) if known else None
