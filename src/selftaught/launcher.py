"""What this process may use, and what a launcher (torchrun, or one that sets its variables) says of it; read
without torch."""

import os

from selftaught.errors import Refusal


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processes() -> int:
    """How many processes were started together."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def place() -> int:
    """Which of them this is, from 0; the first alone writes and speaks."""
    return int(os.environ.get("RANK") or 0)


def place_here() -> int:
    """Which of those on this machine, from 0."""
    return int(os.environ.get("LOCAL_RANK") or 0)


def processes_here() -> int:
    """How many of them are on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE") or 1)


def alone(command: str) -> None:
    """Let a command be started once.

    Raises:
        Refusal: a launcher started it several times.
    """
    if processes() > 1:
        advice = ", or give --jobs, which shares the GPUs out among the runs" * (
            command == "compare"
        )
        raise Refusal(
            f"{processes()} processes were started together, and of {command} one is enough: start it "
            f"without the launcher{advice}. Only train divides its work among several."
        )
