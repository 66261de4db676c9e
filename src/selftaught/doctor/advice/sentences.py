"""One sentence of advice, and how grave it is."""

from typing import NamedTuple

GRAVITIES = ("trouble", "warning", "note")
"""``trouble`` stops a training or falsifies its result; a ``warning`` costs accuracy, time or trust."""


class Advice(NamedTuple):
    """One thing that the user should know.

    Attributes:
        gravity: one of ``GRAVITIES``.
        topic: what it is about, in a word.
        text: whole sentences.
    """

    gravity: str
    topic: str
    text: str


def percent(share: float) -> str:
    """A share as ``2.4 %``."""
    return f"{share:.1%}".replace("%", " %")
