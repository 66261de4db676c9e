"""A budget is a time or a number of pictures, and anything else is told so."""

import pytest

from selftaught import config
from selftaught.budget import Budget, parse
from selftaught.errors import Refusal


@pytest.mark.parametrize(
    ("text", "expected", "written"),
    [
        ("30m", Budget(seconds=1800.0), "30 min of training"),
        ("30 min", Budget(seconds=1800.0), "30 min of training"),
        ("200s", Budget(seconds=200.0), "3.333 min of training"),
        ("1.5h", Budget(seconds=5400.0), "1.5 h of training"),
        ("5Mpictures", Budget(pictures=5_000_000), "5,000,000 pictures"),
        ("2.5k pictures", Budget(pictures=2500), "2,500 pictures"),
        ("1picture", Budget(pictures=1), "1 pictures"),
    ],
)
def test_what_is_read(text: str, expected: Budget, written: str) -> None:
    assert parse(text) == expected
    assert parse(text).written == written


@pytest.mark.parametrize("text", ["", "30", "m", "0s", "-3m", "5M", "5Gpictures", "3 days", "nanm"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="write a time or a number of pictures"):
        parse(text)
    with pytest.raises(Refusal, match="30m, 200s, 2h"):
        config.resolve("simclr", {"budget": text})


def test_a_budget_beside_epochs_is_refused() -> None:
    with pytest.raises(Refusal, match="both say how long to train"):
        config.resolve("simclr", {"budget": "30m"}, {"epochs": 5})


def test_the_budget_decides_what_a_run_is() -> None:
    plain, given = config.resolve("simclr"), config.resolve("simclr", {"budget": "30 m"})
    assert given.budget == "30m"
    assert config.differences(given, plain) == ["budget: None, now '30m'"]
