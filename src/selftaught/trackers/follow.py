"""Follow run folders, and tell their trackers what is new."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selftaught.errors import RunFailed
from selftaught.runs import RunFolder, write_json
from selftaught.trackers import names as known
from selftaught.trackers import records
from selftaught.trackers.tracker import About, Tracker

FILE = "trackers.json"

SECONDS = 3.0
"""Between two looks into the folders."""

Say = Callable[[str], None]


@contextmanager
def following(folders: Sequence[Path], names: Sequence[str], say: Say) -> Iterator[None]:
    """While inside, what is written into the folders is told, by a thread that no step waits for.

    What goes wrong with a tracker ends its being told, and nothing else; it can be told later.
    """
    if not names:
        yield
        return
    follower, over = Follower(folders, names, say), threading.Event()

    def follow() -> None:
        while not over.wait(SECONDS):
            follower.catch_up()

    thread = threading.Thread(target=follow, name="trackers")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        follower.catch_up(last=True)


def tell(folders: Sequence[Path], names: Sequence[str], say: Say) -> int:
    """Tell what the folders hold and was not told yet; returns how many records that were.

    Raises:
        RunFailed: a tracker did not take it; the next call goes on there.
    """
    follower = Follower(folders, names, say, strict=True)
    follower.catch_up(last=True)
    return follower.told


class Follower:
    """Tells some trackers of some runs, each as far as it has not been told.

    Args:
        folders: of the runs; those that do not exist yet are looked for again.
        names: of the trackers.
        say: is told where to look, and what went wrong.
        strict: whether trouble is raised.
    """

    def __init__(
        self, folders: Sequence[Path], names: Sequence[str], say: Say, *, strict: bool = False
    ) -> None:
        self.pairs = [(RunFolder(folder), name) for folder in folders for name in names]
        self.say, self.strict = say, strict
        self.told = 0
        self.home = Path(os.path.commonpath(folders))
        self.about: dict[Path, About] = {}
        self.open: dict[tuple[Path, str], Tracker] = {}
        self.given_up: set[tuple[Path, str]] = set()
        self.said: set[str] = set()

    def catch_up(self, *, last: bool = False) -> None:
        """Tell what is new; with ``last`` also how the runs ended that have, and let go of all."""
        for folder, name in self.pairs:
            if (folder.path, name) in self.given_up or not folder.exists():
                continue
            try:
                self._tell(folder, name, last=last)
            except (
                Exception
            ) as error:  # a tracker is others' code, and no reason to lose a training
                self.given_up.add((folder.path, name))
                reason = str(error).strip().splitlines() or [type(error).__name__]
                sentence = (
                    f"{name} was not told all of {folder.path} ({reason[0]}); "
                    f"'selftaught log {folder.path} --to {name}' goes on where this stopped."
                )
                if self.strict:
                    raise RunFailed(sentence) from error
                self.say(sentence)

    def _tell(self, folder: RunFolder, name: str, *, last: bool) -> None:
        place = folder.path, name
        told: dict[str, Any] = _read(folder).get(name, {})
        who = self.about.get(folder.path) or records.about(folder, self.home)
        self.about[folder.path] = who
        new, now = records.untold(folder, told, who.began)
        results = folder.results
        ended = last and "seconds" in results and not told.get("concluded")
        if place not in self.open and (new or ended):
            self.open[place] = known.kind(name)(who, told.get("identity"))
            self._where(self.open[place].where)
        tracker = self.open.get(place)
        if tracker is None:
            return
        now["identity"] = tracker.identity
        if new:
            tracker.tell(new)
            self.told += len(new)
            _write(folder, name, now)
        if ended:
            words = ("verdict", "verdict_text")
            tracker.conclude({key: str(results.get(key) or "") for key in words})
            now["concluded"] = True
            _write(folder, name, now)
        if last:
            del self.open[place]
            tracker.close(ended=bool(now.get("concluded")))

    def _where(self, sentence: str) -> None:
        if sentence not in self.said:
            self.said.add(sentence)
            self.say(sentence)


def _write(folder: RunFolder, name: str, told: dict[str, Any]) -> None:
    write_json(folder.path / FILE, _read(folder) | {name: told})


def _read(folder: RunFolder) -> dict[str, Any]:
    path = folder.path / FILE
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found
