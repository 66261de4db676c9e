"""A directory as it is now, as the comparison that the page is made of; nothing in it needs to be finished."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from selftaught import catalogue, config, runs
from selftaught.errors import Refusal
from selftaught.reports import rows
from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.folder import assembled, read_atlas, read_facts
from selftaught.reports.live.folders import run_folders
from selftaught.reports.live.status import ENDED, Status, last_written, status, time_left

SEED = "seed-"
EVERY_SEED = "every-seed"


@dataclass(frozen=True)
class Snapshot:
    """What is known now.

    Attributes:
        comparison: as the page takes it; without an atlas, whose maps would take the training's cores.
        runs: each contestant's runs with their status, in the order of the page.
        planned: whether a plan says which runs there are going to be.
        left: seconds of training that are left, about; None where too little is known.
        written: when a run last wrote anything, in seconds since 1970.
        mixed: whether the runs read different pictures, so that no numbers are set side by side.
    """

    comparison: Comparison
    runs: list[tuple[Contestant, RunFolder, Status]]
    planned: bool
    left: float | None
    written: float | None
    mixed: bool

    @property
    def ended(self) -> int:
        """How many runs are over, for better or worse."""
        return sum(where.word in ENDED for _, _, where in self.runs)

    @property
    def finished(self) -> bool:
        """Whether all that is known of has ended."""
        return self.ended == len(self.runs)


def snapshot(directory: Path, now: float | None = None) -> Snapshot:
    """Read everything again.

    Raises:
        Refusal: comparison.json or plan.json was written by a later version.
    """
    now = time.time() if now is None else now
    facts, known = _facts(directory)
    comparison = assembled(directory, facts, None)
    protocols = list(facts["protocols"]) if "protocols" in facts else None
    found: list[tuple[Contestant, RunFolder, Status]] = []
    contestants = []
    for contestant in comparison.contestants:
        own = [
            _filled(run, directory / run.row["folder"], comparison.split, known, protocols, now)
            for run in contestant.runs
        ]
        contestants.append(replace(contestant, runs=[run for run, _ in own]))
        found += [(contestants[-1], run, where) for run, where in own]
    mixed = len({run.settings.get("data", {}).get("name") for _, run, _ in found} - {None}) > 1
    if mixed:
        contestants = [_unread(each) for each in contestants]
    times = [last_written(directory / run.row["folder"]) for _, run, _ in found]
    return Snapshot(
        comparison=replace(comparison, contestants=contestants),
        runs=found,
        planned="jobs" in facts or protocols is not None,
        left=time_left(
            [(run.row, where) for _, run, where in found],
            [seconds for _, run, where in found if (seconds := _whole(run, where)) is not None],
            int(facts.get("jobs") or 1),
        ),
        written=max((moment for moment in times if moment is not None), default=None),
        mixed=mixed,
    )


def with_atlas(comparison: Comparison, directory: Path) -> Comparison:
    """The same with its maps, for when everything has ended."""
    whole = assembled(directory, comparison.facts, read_atlas(directory / "atlas"))
    features = {run.row["folder"]: run for each in whole.contestants for run in each.runs}
    contestants = [
        replace(
            each,
            runs=[
                replace(run, features=own.features, predictions=own.predictions)
                for run in each.runs
                if (own := features[run.row["folder"]])
            ],
        )
        for each in comparison.contestants
    ]
    return replace(comparison, contestants=contestants, atlas=whole.atlas)


# Which rows there are -----------------------------------------------------------------------------


def _facts(directory: Path) -> tuple[dict[str, Any], set[str]]:
    """What comparison.json, the plan and the folders say together, and the folders of rows that have ended."""
    written = _read(directory, "comparison.json")
    plan = _read(directory, "plan.json")
    if written and plan and _moment(written) < _moment(plan):
        written = None  # of an earlier comparison in the same place
    ended = {row["folder"]: row for row in (written or {}).get("rows", [])}
    if plan is not None:
        facts = plan | (written or {}) | {"jobs": plan.get("jobs")}
        facts["rows"] = [ended.get(row["folder"], row) for row in plan["rows"]]
        return facts, set(ended)
    scanned = _scanned(directory, set(ended))
    if written is not None:
        return written | {"rows": [*written["rows"], *scanned]}, set(ended)
    return _described(directory, scanned) | {"rows": scanned}, set()


def _read(directory: Path, name: str) -> dict[str, Any] | None:
    return read_facts(directory, name) if (directory / name).is_file() else None


def _moment(facts: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(facts["created"])


def _scanned(directory: Path, known: set[str]) -> list[dict[str, Any]]:
    """A row for each run folder that no comparison tells of."""
    found = []
    for path in run_folders(directory):
        folder = path.relative_to(directory)
        if folder.as_posix() in known:
            continue
        try:
            run = _settings(path / "run.yaml", (path / "run.yaml").stat().st_mtime_ns)
        except (Refusal, OSError):
            continue  # of another version, or of a method that is not installed here
        seed = run.seed if catalogue.entry(run.method.name).seeded else None
        found.append((run, seed, folder, path))
    names = _names([(run.method.name, folder, path) for run, _, folder, path in found])
    return [
        rows.blank(name, run, seed, folder)
        for name, (run, seed, folder, _) in zip(names, found, strict=True)
    ]


@lru_cache(maxsize=1000)
def _settings(path: Path, changed: int) -> config.Run:
    return config.read(path)


def _names(found: Sequence[tuple[str, Path, Path]]) -> list[str]:
    """What each run's contestant is called: its folder's name; where two folders share it, the path as well.

    The folder ``byol-momentum=0,0`` of a comparison was ``byol:momentum=0,0``.
    """
    homes = []
    for method, folder, path in found:
        seeded = path.name.startswith(SEED) or path.name == EVERY_SEED
        home, inside = (path.parent.name, folder.parent) if seeded else (path.name, folder)
        rest = home.removeprefix(method).lstrip("-") if home.startswith(method) else ""
        homes.append((f"{method}:{rest}" if rest else method, method, inside.as_posix()))
    places = Counter(name for name, _ in {(name, place) for name, _, place in homes})
    return [name if places[name] == 1 else f"{method}:{place}" for name, method, place in homes]


def _described(directory: Path, scanned: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What can be said without a comparison: the pictures, the seeds, and the split that was read."""
    data: dict[str, None] = {}
    splits: set[str] = set()
    for row in scanned:
        path = directory / row["folder"]
        name = _settings(path / "run.yaml", (path / "run.yaml").stat().st_mtime_ns).data.name
        data[name] = None
        splits |= set(_results(path))
    several = f"{len(data)} sets of pictures"
    return {
        "data": {"name": next(iter(data)) if len(data) == 1 else several},
        "seeds": sorted({row["seed"] for row in scanned if row["seed"] is not None}),
        "split": "test" if "test" in splits else "validation",
    }


# What each row says -------------------------------------------------------------------------------


def _filled(
    run: RunFolder,
    folder: Path,
    split: str,
    ended: set[str],
    protocols: Sequence[str] | None,
    now: float,
) -> tuple[RunFolder, Status]:
    """A run with what its folder knows by now, and where it stands."""
    row = run.row
    if row["folder"] in ended:
        return run, Status("failed" if row.get("error") else "finished", 1.0, 0.0)
    results = _results(folder)
    where = status(run, folder, results, protocols, now)
    known = rows.facts(results, split, protocols)
    if where.word in ("begun", "training", "waiting"):
        last = run.looks[-1] if run.looks else {}
        known |= {
            "verdict": last.get("verdict") or where.word,
            "verdict_text": f"So far: {last['verdict_text']}" if last.get("verdict_text") else None,
        }
    elif where.word == "failed":
        known |= {"error": results.get("verdict_text")}
    return replace(run, row=row | known, missing=[]), where


def _results(folder: Path) -> dict[str, Any]:
    try:
        return runs.RunFolder(folder).results
    except (OSError, ValueError):
        return {}


def _whole(run: RunFolder, where: Status) -> float | None:
    """The seconds that a run's training took, or is going to take; None where that is unknown."""
    if where.word == "training" and where.left is not None:
        return where.left / (1 - where.share) if where.share < 1 else None
    seconds = run.row.get("seconds")
    return float(seconds) if seconds and run.looks else None


def _unread(contestant: Contestant) -> Contestant:
    """Without the numbers that were read, which other pictures' numbers must not stand beside."""
    return replace(
        contestant, runs=[replace(run, row=run.row | {"results": {}}) for run in contestant.runs]
    )
