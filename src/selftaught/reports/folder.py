"""A comparison's folder, read from plain files; whatever is missing is named, never fatal."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float, Int
from numpy import ndarray

from selftaught import catalogue
from selftaught.errors import Refusal
from selftaught.measures import Measure, number

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Atlas:
    """The test pictures that every contestant was asked to place.

    Attributes:
        sheet: the sprite sheet, WebP.
        tile: side of a picture on it, in pixels.
        columns: pictures in a row of it.
        labels: [n] class of each picture.
        classes: their names.
    """

    sheet: bytes
    tile: int
    columns: int
    labels: Int[ndarray, " n"]
    classes: list[str]


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
        predictions: [n] the linear probe's classes for them.
        missing: the files that are absent or unreadable.
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

    @cached_property
    def settings(self) -> dict[str, Any]:
        """run.yaml, parsed; empty where it is missing or no mapping."""
        try:
            loaded = yaml.safe_load(self.configuration or "")
        except yaml.YAMLError:
            return {}
        return loaded if isinstance(loaded, dict) else {}


@dataclass(frozen=True)
class Contestant:
    """All seeds of one contestant."""

    name: str
    family: str
    runs: list[RunFolder]
    summary: dict[str, Any]

    @property
    def baseline(self) -> bool:
        """Whether it is there to measure the others against."""
        return self.family == "baselines"

    @property
    def errors(self) -> list[str]:
        """A sentence for each seed that failed."""
        return [run.row["error"] for run in self.runs if run.row.get("error")]

    def values(self, protocol: str) -> list[float]:
        """Every seed's number under a protocol, in its measure's unit."""
        found = [number((run.row.get("results") or {}).get(protocol) or {}) for run in self.runs]
        return [value for value in found if value is not None]

    def mean(self, protocol: str) -> float | None:
        """The mean over the seeds; None without any."""
        values = self.values(protocol)
        return float(sum(values) / len(values)) if values else None

    def interval(self, protocol: str) -> tuple[float, float] | None:
        """The interval of the mean that the comparison worked out; None under three seeds."""
        result = (self.summary.get("results") or {}).get(protocol) or {}
        interval = result.get("interval")
        return (float(interval[0]), float(interval[1])) if interval else None

    def average(self, key: str) -> float | None:
        """The mean of a row's number over the seeds that have it."""
        values = [run.row[key] for run in self.runs if run.row.get(key) is not None]
        return float(sum(values) / len(values)) if values else None

    def first(self, attribute: str) -> RunFolder | None:
        """The first seed whose folder has this part."""
        return next((run for run in self.runs if getattr(run, attribute) is not None), None)


@dataclass(frozen=True)
class Comparison:
    """Everything the page is made of."""

    facts: dict[str, Any]
    contestants: list[Contestant]
    atlas: Atlas | None

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
        """What a protocol's numbers are, by the first row that has one."""
        rows = (run.row for contestant in self.contestants for run in contestant.runs)
        found = (row["results"][protocol] for row in rows if protocol in (row.get("results") or {}))
        return catalogue.measure(protocol, next(found, {}))


def read_facts(directory: Path) -> dict[str, Any]:
    """comparison.json.

    Raises:
        Refusal: there is none, it cannot be read, or a later version wrote it.
    """
    path = directory / "comparison.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(
            f"{directory} holds no comparison.json; "
            "give the folder that 'selftaught compare --out' wrote."
        ) from None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read: {error}.") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("rows"), list):
        raise Refusal(f"{path} has no list of rows: it was not written by 'selftaught compare'.")
    version = facts.get("schema_version")
    if version != SCHEMA_VERSION:
        raise Refusal(f"{path} has schema_version {version}; this version reads {SCHEMA_VERSION}.")
    return facts


def read_comparison(directory: Path) -> Comparison:
    """The whole folder.

    Raises:
        Refusal: comparison.json is missing or cannot be read; any other file may be absent.
    """
    facts = read_facts(directory)
    atlas = _read_atlas(directory / "atlas")
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in facts["rows"]:
        rows.setdefault(row["contestant"], []).append(row)
    summaries = {line["contestant"]: line for line in facts.get("summary") or []}
    contestants = [
        Contestant(
            name,
            own[0].get("family") or "",
            [_read_run(directory, row, atlas) for row in own],
            summaries.get(name, {}),
        )
        for name, own in rows.items()
    ]
    contestants.sort(key=lambda contestant: contestant.baseline)
    return Comparison(facts, contestants, atlas)


def _read_atlas(folder: Path) -> Atlas | None:
    try:
        sheet = (folder / "pictures.webp").read_bytes()
        described = json.loads((folder / "pictures.json").read_text(encoding="utf-8"))
        labels = np.asarray(described["labels"], dtype=np.int64)
        classes = [str(name) for name in described["classes"]]
        tile, columns = int(described["tile"]), int(described["columns"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Atlas(sheet, tile, columns, labels, classes) if len(labels) else None


def _read_run(directory: Path, row: dict[str, Any], atlas: Atlas | None) -> RunFolder:
    folder = directory / (row.get("folder") or f"{row['contestant']}/seed-{row.get('seed') or 0}")
    missing = []
    lines: list[dict[str, Any]] = []
    # Baselines that are fitted in closed form have no curve to miss.
    if (folder / "metrics.jsonl").is_file():
        lines = list(_read_lines(folder / "metrics.jsonl"))
    elif row.get("family") != "baselines":
        missing.append("metrics.jsonl")
    configuration = _read_text(folder / "run.yaml")
    if configuration is None:
        missing.append("run.yaml")
    try:
        environment = json.loads(_read_text(folder / "environment.json") or "{}")
    except ValueError:
        environment = {}
        missing.append("environment.json")
    views = (folder / "views.webp").read_bytes() if (folder / "views.webp").is_file() else None
    if views is None and row.get("family") != "baselines":
        missing.append("views.webp")
    features, predictions = _read_places(folder / "atlas.npz", atlas)
    if features is None and atlas is not None:
        missing.append("atlas.npz")
    return RunFolder(
        row=row,
        steps=[line for line in lines if line.get("kind") == "step"],
        looks=[line for line in lines if line.get("kind") == "look"],
        configuration=configuration,
        environment=environment,
        views=views,
        features=features,
        predictions=predictions,
        missing=missing,
    )


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """A run that was cut off may leave half a line at the end: it is passed over."""
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _read_places(
    path: Path, atlas: Atlas | None
) -> tuple[Float[ndarray, "n d"] | None, Int[ndarray, " n"] | None]:
    """Features and predictions, if they are finite and belong to the atlas' pictures."""
    if atlas is None or not path.is_file():
        return None, None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            features = archive["features"].astype(np.float32)
            predictions = (
                archive["predictions"].astype(np.int64) if "predictions" in archive else None
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None, None
    amount = len(atlas.labels)
    if features.ndim != 2 or len(features) != amount or not np.isfinite(features).all():
        return None, None
    if predictions is not None and predictions.shape != (amount,):
        predictions = None
    return features, predictions
