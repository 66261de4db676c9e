"""The first line of a command, said before torch is imported: what runs, how long, and where it writes."""

import sys
from collections.abc import Sequence
from pathlib import Path

from selftaught import budget, catalogue, config

UNKNOWN = "time unknown until it has begun"


def announce(run: config.Run, where: Path, runs: Sequence[config.Run], jobs: int = 1) -> str:
    """The line, for one run or several.

    Args:
        run: the first of them.
        where: the folder that is written.
        runs: all of them.
        jobs: how many go on at once.
    """
    several = f"{len(runs)} runs" if len(runs) > 1 else run.method.name
    return f"{several} on {run.data.name} · {likely_device(run)} · {_length(runs, jobs)} · writes {where}/"


def likely_device(run: config.Run) -> str:
    """The device asked for, or what ``auto`` will choose, by signs that do not need torch."""
    if run.device != "auto":
        return run.device
    if any(Path(sign).exists() for sign in ("/proc/driver/nvidia/version", "/dev/kfd")):
        return "cuda"
    return "mps or cpu" if sys.platform == "darwin" else "cpu"


def _length(runs: Sequence[config.Run], jobs: int) -> str:
    """How long the training takes; judging, whose time depends on the protocols, comes on top."""
    taught = [run for run in runs if not catalogue.entry(run.method.name).baseline]
    each = [_seconds(run) for run in taught]
    known = [seconds for seconds in each if seconds is not None]
    if taught and not known:
        return UNKNOWN
    minutes = max(round(max(sum(known) / jobs, *known, 0.0) / 60), 1)
    machine = next((run.measured.machine for run in taught if run.measured.machine), "")
    least = "about" if len(known) == len(each) else "more than"
    return f"{least} {minutes} min of training" + (f" on {machine}" if machine else "")


def _seconds(run: config.Run) -> float | None:
    """Those that the recipe was measured to take, scaled to the epochs and pictures asked for.

    None where nothing was measured: with another encoder, other views, or by number of pictures.
    """
    if run.budget is not None:
        return budget.parse(run.budget).seconds
    plain = config.resolve(run.method.name, {"data": run.data.name, "recipe": run.recipe})
    measured, views = plain.measured, ("size", "count", "small")
    same = all(getattr(run.views, key) == getattr(plain.views, key) for key in views)
    if measured.seconds is None or run.encoder != plain.encoder or not same:
        return None
    pictures = run.data.take / plain.data.take if run.data.take and plain.data.take else 1.0
    return measured.seconds * pictures * run.epochs / (measured.epochs or plain.epochs)
