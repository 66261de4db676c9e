"""What the live page says beside the sections of every page: what goes on, how far it is, how long it takes."""

import time
from typing import Any

from selftaught.reports.contestants import Contestant, RunFolder
from selftaught.reports.live.snapshot import Snapshot
from selftaught.reports.live.status import ENDED, Status, trains
from selftaught.reports.sections.results import TROUBLE
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import duration, percent

QUIET = 120.0
"""Seconds without a sign from any run after which that is said."""


def section(now: Snapshot) -> Section | None:
    """The runs that go on, wait or failed; absent when all has ended well, and nothing is left to say."""
    words = [where.word for _, _, where in now.runs]
    if now.finished and "failed" not in words:
        return None
    lines = [
        _line(contestant, run, where, several=len(contestant.runs) > 1)
        for contestant, run, where in now.runs
        if where.word not in ("waiting", "finished")
    ]
    body = fill(
        "progress.html",
        warning=silence(now),
        lines=lines,
        finished=_named(now, "finished"),
        waiting=_named(now, "waiting"),
        mixed=now.mixed,
        maps=now.planned and not now.finished,
    )
    return Section("progress", "Progress", body)


def said(now: Snapshot) -> str:
    """How far everything is, in a few words."""
    amount = len(now.runs)
    failed = sum(where.word == "failed" for _, _, where in now.runs)
    runs = "The run" if amount == 1 else f"All {amount} runs"
    if now.finished:
        if failed:
            return f"{amount - failed} of {amount} runs finished, {failed} failed"
        return f"{runs} {'has' if amount == 1 else 'have'} finished"
    done = f"{now.ended} of {amount} runs finished" + (
        f", {failed} of them failed" if failed else ""
    )
    if amount == 1:
        done = f"{percent(now.runs[0][2].share, 0)} % of the training is done"
    if now.left is None:
        return f"{done}; the time left is unknown until a run has begun"
    return f"{done}; about {rough(now.left)} of training left" if now.left else done


def rough(seconds: float) -> str:
    """An estimate, no finer than it is sure: ``20 s``, ``4 min``, ``2 h 05 min``."""
    if seconds < 90:
        return f"{max(5 * round(seconds / 5), 5)} s"
    return f"{round(seconds / 60)} min" if seconds < 3600 else duration(seconds)


def silence(now: Snapshot) -> str:
    """A sentence when nothing has been written for long, and "" otherwise."""
    signs = [
        where.silent
        for _, _, where in now.runs
        if where.word not in ENDED and where.silent is not None
    ]
    if now.finished or not signs or min(signs) < QUIET:
        return ""
    return (
        f"Nothing has been written for {rough(min(signs))}: a run is at something long, or all was stopped. "
        "The same command goes on where it stopped."
    )


def clock(moment: float | None) -> tuple[str, str]:
    """A time of this machine: for programs, and as it is said; today's without the day."""
    if moment is None:
        return "", "nothing yet"
    then = time.localtime(moment)
    form = "%H:%M:%S" if then[:3] == time.localtime()[:3] else "%d %B %Y, %H:%M"
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", then), time.strftime(form, then)


def _line(
    contestant: Contestant, run: RunFolder, where: Status, *, several: bool
) -> dict[str, Any]:
    words = {
        "begun": "being prepared" if trains(run.row) else "being fitted",
        "judged": f"{'trained' if trains(run.row) else 'fitted'}, being judged",
        "failed": "failed",
        "training": f"{percent(where.share, 0)} %",
    }
    text = words[where.word]
    if where.word == "training" and where.left is not None:
        text += f", about {rough(where.left)} left"
    health = run.looks[-1].get("verdict") if run.looks and where.word == "training" else None
    return {
        "contestant": contestant,
        "seed": run.row.get("seed") if several else None,
        "share": round(100 * where.share, 1),
        "text": text,
        "health": health,
        "trouble": health in TROUBLE or where.word == "failed",
        "error": run.row.get("error") or "",
        "knn": percent(run.looks[-1].get("knn")) if run.looks and "knn" in run.looks[-1] else "",
    }


def _named(now: Snapshot, word: str) -> list[tuple[Contestant, int]]:
    """The contestants with runs of a status, and how many."""
    found: dict[int, tuple[Contestant, int]] = {}
    for contestant, _, where in now.runs:
        if where.word == word:
            count = found.get(contestant.place, (contestant, 0))[1]
            found[contestant.place] = (contestant, count + 1)
    return list(found.values())
