"""How far the reading is, on stderr: a bar on a terminal, a line now and then elsewhere, a sentence on
Ctrl-C."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from selftaught.errors import Interrupted

QUIET_SECONDS = 10.0


class Counting:
    """A context that is called with how many more are done.

    Args:
        doing: what is done.
        total: how many there are.
        things: what they are.

    Raises:
        Interrupted: Ctrl-C came meanwhile; the sentence says how far the doing was.
    """

    def __init__(self, doing: str, total: int, things: str) -> None:
        self.doing, self.total, self.things = doing, total, things
        self.done, self.spoke = 0, time.monotonic()
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)
        self.live = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn(things),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self.task = self.live.add_task(doing, total=total)

    def __enter__(self) -> "Counting":
        self.live.start()
        return self

    def __call__(self, more: int) -> None:
        """So many more are done."""
        self.done += more
        self.live.update(self.task, completed=self.done)
        if self.live.disable and time.monotonic() - self.spoke > QUIET_SECONDS:
            self.spoke = time.monotonic()
            self.console.print(f"  {self.doing}: {self.done:,} of {self.total:,} {self.things}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.live.stop()
        if isinstance(error, KeyboardInterrupt):
            how_far = f"Stopped after {self.done:,} of {self.total:,} {self.things}"
            raise Interrupted(
                signal.SIGINT, f"{how_far}; nothing was written.", saved=False
            ) from None


@contextmanager
def stoppable() -> Iterator[None]:
    """Where nothing is counted.

    Raises:
        Interrupted: Ctrl-C came meanwhile.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT, "Stopped; nothing was written.", saved=False) from None
