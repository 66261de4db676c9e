"""Numbers and names as they are written."""

import pytest

from selftaught.reports import wording


def test_names() -> None:
    assert wording.title("byol:momentum=0,0") == ("BYOL", "momentum=0,0")
    assert wording.full_title("mine") == "mine"
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.listing([]) == ""


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.31, "0.3 s"),
        (9.97, "10 s"),
        (59.6, "1 min 00 s"),
        (72, "1 min 12 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations(seconds: float, written: str) -> None:
    assert wording.duration(seconds) == written


def test_numbers_that_are_missing() -> None:
    for write in (wording.percent, wording.count, wording.duration, wording.memory):
        assert write(None) == write(float("nan")) == "–"


def test_sizes_and_counts() -> None:
    assert wording.memory(612_000_000) == "612 MB"
    assert wording.memory(8_000_000_000) == "8.0 GB"
    assert wording.count(12345.4) == "12,345"
    assert wording.compact(250_000) == "250k"


def test_settings_that_stand_beside_a_number() -> None:
    result = {"accuracy": 0.5, "k": 20, "temperature": 0.1, "split": "test", "l2": None}
    assert wording.settings(result) == "k = 20, T = 0.1"
