"""Ctrl-C and SIGTERM end a run between two steps, with everything saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Remembers the first signal; a second one falls through to what was there before."""

    def __init__(self) -> None:
        self.number: int | None = None


@contextmanager
def listening() -> Iterator[Stop]:
    """While inside, SIGINT and SIGTERM are noted instead of obeyed (in the main thread)."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        stop.number = number
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
