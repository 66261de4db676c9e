"""What a run folder says that a tracker has not been told yet."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from selftaught.measures import number
from selftaught.runs import RunFolder
from selftaught.trackers.tracker import About, Record

PLACE = ("kind", "step", "progress", "seconds", "pictures")
"""Keys of a line that say where it stands, and nothing of the run."""

Told = dict[str, Any]
"""How far a tracker was told: the last ``step`` and ``look``, the ``results``, whether it is ``concluded``."""


def about(folder: RunFolder, home: Path) -> About:
    """Who a run is, from its own files."""
    run = folder.run
    environment = folder.environment
    started = str(environment["started"])
    place = f"{started} {folder.path.resolve()}"
    return About(
        folder=folder.path,
        home=home,
        data=Path(run.data.name).name,
        name="/".join(folder.path.resolve().parts[-2:]),
        identity=hashlib.sha256(place.encode()).hexdigest()[:12],
        settings=_flat(run.model_dump(mode="json")),
        environment=environment,
        began=datetime.fromisoformat(started).timestamp(),
    )


def untold(folder: RunFolder, told: Told, began: float) -> tuple[list[Record], Told]:
    """Records that are new, in the order of their steps, and how far this is.

    A run that was resumed writes the lines since its checkpoint again; they are as they were, and not told
    twice.
    """
    found: dict[int, tuple[float, dict[str, float]]] = {}
    now = dict(told)

    def add(step: int, seconds: float, values: Mapping[str, Any]) -> None:
        numbers = {k: float(v) for k, v in values.items() if _is_number(v)}
        if numbers:
            found.setdefault(step, (began + seconds, {}))[1].update(numbers)

    last, spent = 0, 0.0
    for kind, values in (("step", _of_step), ("look", _of_look)):
        for line in folder.metrics(kind):
            last, spent = max(last, line["step"]), max(spent, line["seconds"])
            if line["step"] > now.get(kind, -1):
                add(line["step"], line["seconds"], values(line))
                now[kind] = line["step"]
    results = folder.results
    if "seconds" in results:
        done = set(now.get("results", []))
        new = {n: v for n, v in _of_results(results).items() if n not in done}
        add(last, max(spent, results["seconds"]), new)
        now["results"] = sorted(done | set(new))
    return [Record(step, at, values) for step, (at, values) in sorted(found.items())], now


def _of_step(line: dict[str, Any]) -> dict[str, Any]:
    losses = line.get("losses") or {}
    values = {f"losses/{name}": value for name, value in losses.items()}
    if losses and all(_is_number(value) for value in losses.values()):
        values["loss"] = sum(losses.values())
    values |= {f"scores/{name}": value for name, value in (line.get("scores") or {}).items()}
    return values | {k: v for k, v in line.items() if k not in PLACE}


def _of_look(line: dict[str, Any]) -> dict[str, Any]:
    return {f"looks/{k}": v for k, v in line.items() if k not in (*PLACE, "epoch")}


def _of_results(results: dict[str, Any]) -> dict[str, Any]:
    judged = {
        f"{split}/{name}": number(found)
        for split in ("validation", "test")
        for name, found in (results.get(split) or {}).items()
    }
    costs = ("seconds", "pictures_seen", "peak_memory_bytes")
    return judged | {f"cost/{name}": results.get(name) for name in costs}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{key}.")
        elif value is not None:
            found[above + key] = value
    return found
