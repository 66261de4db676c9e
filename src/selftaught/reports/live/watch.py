"""Serve the page of a directory until told to stop; the address is said before anything heavy is loaded."""

import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from selftaught.reports.live import folders
from selftaught.reports.live.server import Server

if TYPE_CHECKING:
    from selftaught.reports.live.page import LivePage


def watch(
    directory: Path, port: int = 0, *, opened: bool = False, say: Callable[[str], None]
) -> None:
    """Serve the page of a directory; returns after Ctrl-C or SIGTERM.

    Args:
        directory: of a comparison, of a run, or of several runs.
        port: 0 takes a free one.
        opened: whether the browser is told to open the page.
        say: is told the address, in the first sentence.

    Raises:
        Refusal: there is nothing to see in the directory, or the port is taken.
    """
    folders.check(directory)
    page = _Later(directory)
    server = Server(port, page.answer)

    def begun() -> None:
        say(f"{server.address} shows {directory}, live · writes nothing · Ctrl-C ends it")
        threading.Thread(target=page.ready, daemon=True).start()
        if opened:
            threading.Thread(target=webbrowser.open, args=[server.address], daemon=True).start()

    server.serve_until_stopped(begun)


class _Later:
    """The page, whose libraries are imported while the browser is on its way."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = threading.Lock()
        self.page: LivePage | None = None

    def ready(self) -> "LivePage":
        from selftaught.reports.live.page import LivePage

        with self.lock:
            self.page = self.page or LivePage(self.directory)
            return self.page

    def answer(self) -> tuple[str, bytes]:
        return self.ready().answer()
