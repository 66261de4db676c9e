"""The kinds of trouble, and what sentences for users have in common."""

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
    """A signal asked to stop. ``code`` is the exit code: 128 + the signal.

    Args:
        number: of the signal.
        sentence: what was done until then.
        saved: whether the same command goes on from there.
    """

    def __init__(self, number: int, sentence: str, *, saved: bool = True) -> None:
        super().__init__(sentence)
        self.code = 128 + number
        self.saved = saved


def counted(number: int, one: str, many: str = "") -> str:
    """``1 picture is``, ``1,203 pictures are``: a number and what there is of it.

    Args:
        one: what follows a 1.
        many: what follows any other number; "" adds an s to ``one``.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def suggest(given: str, choices: Iterable[str]) -> str:
    """``did you mean 'x'?`` or the list of choices, as the end of an error sentence."""
    choices = list(choices)
    lowered = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(given.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{lowered[near[0]]}'?"
    shown = ", ".join(choices[:SHOWN]) + (" ..." if len(choices) > SHOWN else "")
    return f"choose one of: {shown}."
