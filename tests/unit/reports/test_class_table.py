"""Class by class: of very many classes, those that are read worst."""

import re

from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.sections.classes import MOST, section


def comparison(classes: int) -> Comparison:
    accuracy = [1 - 0.005 * k for k in range(classes)]
    curve = {"across": "class", "up": "accuracy", "x": list(range(classes)), "y": accuracy}
    results = {"fairness": {"accuracy": 0.5, "curves": {"accuracy_by_class": curve}}}
    runs = [RunFolder(row={"results": results})]
    names = [f"class {k}" for k in range(classes)]
    return Comparison({"data": {"classes": names}}, [Contestant("simclr", "", runs, {})], None)


def test_the_worst_of_many_classes_are_shown_and_the_others_counted() -> None:
    found = section(comparison(100))
    assert found is not None
    assert re.findall(r"class (\d+)<", found.body) == [str(k) for k in range(100 - MOST, 100)]
    assert "80 left out" in found.body
    assert re.findall(r"<b>(.+?)</b>", found.body) == ["50"]


def test_few_classes_are_all_there() -> None:
    found = section(comparison(4))
    assert found is not None
    assert re.findall(r"class (\d+)<", found.body) == ["0", "1", "2", "3"]
    assert "left out" not in found.body


def test_without_the_protocol_there_is_no_section() -> None:
    assert section(Comparison({}, [], None)) is None
