"""Studies: a comparison that answers, on the user's data, whether one of the course's claims holds.

The claims are those of the course on self-supervised learning: that encoders which learnt without labels are
more robust than supervised ones, do with fewer and falser labels, and gain more from size. A file that holds
a ``STUDY`` is one: which runs and protocols it takes, and how their numbers answer. Whichever way the answer
falls, it comes with its interval, over seeds alone, and is corrected for all that the study finds; under three
seeds no claim is made.
"""

from collections.abc import Sequence
from typing import Any

from selftaught.comparison.studies.asking import ask, runs
from selftaught.comparison.studies.catalogue import NAMES, find
from selftaught.comparison.studies.reading import written
from selftaught.comparison.studies.study import Asked, Row

__all__ = ["NAMES", "Asked", "answer", "ask", "find", "runs"]


def answer(
    asked: Asked, rows: Sequence[Row], classes: int, largest: float | None = None
) -> dict[str, Any]:
    """What comparison.json says of a study: the claim, an answer to each of its aspects, what they rest on.

    Args:
        classes: how many there are.
        largest: the share of the judged pictures that is of the largest class; None where nobody knows it.
    """
    study = find(asked.name)
    # Always naming the largest class takes no look at a picture either, and where classes are uneven it is
    # right more often than one in ``classes``.
    chance = max(1 / max(classes, 1), largest or 0.0)
    return {
        "name": asked.name,
        "claim": study.claim,
        "encoders": list(asked.encoders),
        "chance": chance,
        **written(study.reading(study, asked, rows, chance)),
    }
