"""The live page: made again when something was written, and at most for a twentieth of the time."""

import hashlib
import threading
import time
from pathlib import Path

from markupsafe import escape

from selftaught.errors import Refusal
from selftaught.reports.contestants import Comparison
from selftaught.reports.live import progress
from selftaught.reports.live.folders import Signs, signs
from selftaught.reports.live.snapshot import Snapshot, snapshot, with_atlas
from selftaught.reports.page import Live, render

OFTEN = 2.0
"""Seconds between two questions of the browser."""

SELDOM = 10.0
"""The same when everything has ended: another run may still begin."""

SHARE = 20
"""The page rests for so many times the seconds that it took to make: the cores are the training's."""

AGAIN = 30.0
"""Seconds after which it is made again though nothing was written, to say for how long that has been so."""


class LivePage:
    """The page of a directory.

    Args:
        directory: of a comparison, of a run, or of several runs.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = threading.Lock()
        self.page, self.mark = b"", ""
        self.seen: Signs | None = None
        self.made = self.rested = 0.0
        self.going = True
        self.without_maps: Snapshot | None = None
        self.drawing: threading.Thread | None = None

    def answer(self) -> tuple[str, bytes]:
        """A mark that changes with the page, and the page.

        When all has ended it comes without its maps first, which take long to draw; a thread draws them, once
        the page is asked for again, and nobody waits for it.
        """
        with self.lock:
            began, seen = time.monotonic(), signs(self.directory)
            stale = seen != self.seen or (self.going and began > self.made + AGAIN)
            if stale and began >= self.rested:
                self._make()
                self.seen, self.made = seen, time.monotonic()
                self.rested = self.made + SHARE * (self.made - began)
            elif self.without_maps is not None and seen == self.seen:
                now, self.without_maps = self.without_maps, None
                self.drawing = threading.Thread(
                    target=self._add_maps, args=[now, seen], daemon=True
                )
                self.drawing.start()
            return self.mark, self.page

    def _make(self) -> None:
        self.without_maps = None
        try:
            now = snapshot(self.directory)
        except Refusal as reason:
            self._keep(f"<!DOCTYPE html><title>Selftaught</title><p>{escape(reason)}</p>")
            return
        self.going = not now.finished
        if now.finished and (self.directory / "atlas" / "pictures.json").is_file():
            self.without_maps = now
        self._keep(self._drawn(now, now.comparison, waits=self.without_maps is not None))

    def _add_maps(self, now: Snapshot, seen: Signs) -> None:
        page = self._drawn(now, with_atlas(now.comparison, self.directory), waits=False)
        with self.lock:
            if self.seen == seen:
                self._keep(page)

    def _drawn(self, now: Snapshot, comparison: Comparison, *, waits: bool) -> str:
        machine, said = progress.clock(now.written)
        live = Live(
            first=progress.section(now),
            said=progress.said(now) + ("; the maps are being drawn" if waits else ""),
            brief="" if now.finished else f"{now.ended}/{len(now.runs)}",
            moment=machine,
            written=said,
            finished=now.finished,
            every=OFTEN if waits or not now.finished else SELDOM,
        )
        return render(comparison, live)

    def _keep(self, page: str) -> None:
        self.page = page.encode()
        self.mark = hashlib.sha256(self.page).hexdigest()[:16]
