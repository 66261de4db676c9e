"""A comparison's folder, read from plain files; whatever is missing is named, never fatal."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from selftaught.errors import Refusal
from selftaught.reports.contestants import Atlas, Comparison, Contestant, RunFolder, marked
from selftaught.reports.sheet import read_sheet
from selftaught.runs import read_arrays

SCHEMA_VERSION = 1


def read_facts(directory: Path, name: str = "comparison.json") -> dict[str, Any]:
    """comparison.json, or plan.json, which looks the same.

    Raises:
        Refusal: there is none, it cannot be read, or a later version wrote it.
    """
    path = directory / name
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(
            f"{directory} holds no {name}; give the folder that 'selftaught compare --out' wrote."
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
    return assembled(directory, read_facts(directory), read_atlas(directory / "atlas"))


def assembled(directory: Path, facts: dict[str, Any], atlas: Atlas | None) -> Comparison:
    """The comparison that some facts describe, with what the folders of their rows hold."""
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
    return Comparison(facts, marked(contestants), atlas, read_sheet(directory))


def read_atlas(folder: Path) -> Atlas | None:
    """The pictures that all encoders placed, if they are there."""
    try:
        sheet = (folder / "pictures.webp").read_bytes()
        described = json.loads((folder / "pictures.json").read_text(encoding="utf-8"))
        labels = np.asarray(described["labels"], dtype=np.int64)
        index = np.asarray(described["index"], dtype=np.int64)
        classes = [str(name) for name in described["classes"]]
        tile, columns = int(described["tile"]), int(described["columns"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Atlas(sheet, tile, columns, index, labels, classes) if len(labels) else None


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
        folder=folder,
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
    """Features and predictions of the atlas' pictures, in its order; None where one is missing or infinite."""
    if atlas is None:
        return None, None
    found = read_arrays(path)
    try:
        order = np.argsort(found["index"])
        at = order[np.searchsorted(found["index"], atlas.index, sorter=order) % max(len(order), 1)]
        features = found["features"][at].astype(np.float32)
        predictions = found["predictions"][at].astype(np.int64) if "predictions" in found else None
    except (ValueError, KeyError, IndexError):
        return None, None
    if features.ndim != 2 or not np.isfinite(features).all():
        return None, None
    if not np.array_equal(found["index"][at], atlas.index):
        return None, None
    return features, predictions
