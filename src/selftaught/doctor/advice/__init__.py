"""What the findings mean for training. Each threshold stands beside its sentence, with its reason."""

from typing import Any

from selftaught.doctor.advice.effort import cost
from selftaught.doctor.advice.labels import classes
from selftaught.doctor.advice.pixels import colour, kind, size
from selftaught.doctor.advice.sentences import GRAVITIES, Advice
from selftaught.doctor.advice.twins import copies, leaks
from selftaught.doctor.advice.usable import files, usable

__all__ = ["Advice", "advice"]

SECTIONS = (usable, files, leaks, copies, size, kind, colour, classes, cost)


def advice(content: dict[str, Any]) -> list[Advice]:
    """All sentences on what was found, the gravest first, in the order of the report among equals."""
    found = [each for section in SECTIONS for each in section(content)]
    return sorted(found, key=lambda each: GRAVITIES.index(each.gravity))
