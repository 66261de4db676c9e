"""Which studies there are."""

from importlib import import_module
from typing import cast

from selftaught.comparison.studies.study import Study
from selftaught.errors import Refusal, suggest

NAMES = ("robustness", "labels", "scale")


def find(name: str) -> Study:
    """The study of that name.

    Raises:
        Refusal: there is none; the sentence names the nearest.
    """
    if name not in NAMES:
        raise Refusal(f"There is no study '{name}'; {suggest(name, NAMES)}")
    return cast(Study, import_module(f"selftaught.comparison.studies.{name}").STUDY)
