"""How far a run is, by its own files: in a word, as a share, and in seconds that are left."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from selftaught import catalogue
from selftaught.errors import Refusal
from selftaught.reports.contestants import RunFolder

Word = Literal["waiting", "begun", "training", "judged", "finished", "failed"]

ENDED = ("finished", "failed")


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes:
        word: ``judged`` is a run whose training has ended and whose evaluation has not.
        share: of its training, from 0 to 1.
        left: seconds of training that are left at its own speed so far; None where that is unknown.
        silent: seconds since it last wrote anything; None before it began.
    """

    word: Word
    share: float = 0.0
    left: float | None = None
    silent: float | None = None


def status(
    run: RunFolder,
    folder: Path,
    results: dict[str, Any],
    protocols: Sequence[str] | None,
    now: float,
) -> Status:
    """Where a run stands that no ``comparison.json`` calls ended.

    Args:
        results: its ``results.json``, empty before there is one.
        protocols: what it is going to be judged by; None where no plan says so.
        now: the time, in seconds since 1970.
    """
    written = last_written(folder)
    if written is None:
        return Status("waiting")
    silent = max(now - written, 0.0)
    if "seconds" in results:
        return Status(
            "finished" if _judged(run, results, protocols) else "judged", 1.0, 0.0, silent
        )
    if results.get("verdict") == "diverged" and not _goes_on(folder):
        return Status("failed", _share(run), None, silent)
    share = _share(run)
    if not run.steps and not run.looks:
        return Status("begun", 0.0, None, silent)
    spent = max(line.get("seconds") or 0.0 for line in (*run.steps[-1:], *run.looks[-1:]))
    return Status("training", share, spent * (1 - share) / share if share else None, silent)


def last_written(folder: Path) -> float | None:
    """When a run folder was last written to, in seconds since 1970; None where there is none."""
    if not (folder / "run.yaml").is_file():
        return None
    times = []
    for path in folder.iterdir():
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue  # a file that was only there while another was being written
    return max(times)


def time_left(
    runs: Sequence[tuple[dict[str, Any], Status]], spent: Sequence[float], jobs: int
) -> float | None:
    """About how many seconds of training are left in all; None where too little is known.

    Args:
        runs: every row with its status.
        spent: the seconds that runs took, or are going to take, where that is known.
        jobs: how many go on at once.
    """
    each = []
    for row, where in runs:
        if where.word in (*ENDED, "judged") or not trains(row):
            continue
        if where.left is not None:
            each.append(where.left)
        elif spent:
            each.append(sum(spent) / len(spent))
        else:
            return None
    return max([sum(each) / max(jobs, 1), *each, 0.0])


def trains(row: dict[str, Any]) -> bool:
    """Whether a row's method takes steps, as no baseline does that is fitted."""
    try:
        return not catalogue.entry(str(row.get("method"))).baseline
    except Refusal:  # of a package that is not installed here
        return True


def _share(run: RunFolder) -> float:
    lines = (*run.steps[-1:], *run.looks[-1:])
    return max((float(line.get("progress") or 0.0) for line in lines), default=0.0)


def _judged(run: RunFolder, results: dict[str, Any], protocols: Sequence[str] | None) -> bool:
    found = {name for split in ("validation", "test") for name in results.get(split) or {}}
    if protocols is not None:
        return found >= set(protocols)
    # Without labels nothing is ever read, and no look has a kNN either.
    return bool(found) or bool(run.looks and "knn" not in run.looks[-1])


def _goes_on(folder: Path) -> bool:
    """Whether a run that had diverged was taken up again."""
    try:
        metrics, results = (folder / name for name in ("metrics.jsonl", "results.json"))
        return metrics.stat().st_mtime > results.stat().st_mtime
    except OSError:
        return False
