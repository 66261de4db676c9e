"""The kinds of trouble, and the nearest valid word for a mistyped one."""

import difflib
from collections.abc import Iterable

SHOWN = 16
"""Choices that are listed when none is near."""


class Refusal(Exception):
    """The input cannot be used: one sentence for the user, nothing written, exit code 2.

    Say what was given, what was expected and the nearest valid choice.
    """


class RunFailed(Exception):
    """A run broke on its way (a loss that is not finite, a full disk): exit code 1, can be resumed."""


class Diverged(RunFailed):
    """A loss or a weight is no longer a finite number."""


class Interrupted(Exception):
    """A signal asked the run to stop, and it has saved. ``code`` is the exit code: 128 + the signal."""

    def __init__(self, number: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = 128 + number


def suggest(given: str, choices: Iterable[str]) -> str:
    """``did you mean 'x'?`` or the list of choices, as the end of an error sentence."""
    choices = list(choices)
    lowered = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(given.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{lowered[near[0]]}'?"
    shown = ", ".join(choices[:SHOWN]) + (" ..." if len(choices) > SHOWN else "")
    return f"choose one of: {shown}."
