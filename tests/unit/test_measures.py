"""Numbers as they are written, and what is read from results of any version."""

import math

from selftaught import catalogue
from selftaught.measures import ACCURACY, Measure, number

RANK = Measure("rank", share=False, higher=None)


def test_shares_are_percent_and_other_numbers_are_not() -> None:
    assert (ACCURACY.text(0.6123), ACCURACY.phrase(0.6123), ACCURACY.unit) == (
        "61.2",
        "61.2%",
        ", %",
    )
    assert (RANK.text(12.3456), RANK.phrase(0.01234), RANK.unit) == ("12.3", "0.0123", "")
    assert ACCURACY.phrase(None) == RANK.text(math.nan) == "–"
    assert ACCURACY.bounds == (0, 1)
    assert RANK.bounds == (-math.inf, math.inf)


def test_a_result_of_an_older_version_is_an_accuracy() -> None:
    old = {"accuracy": 0.5, "k": 20}
    assert number(old) == 0.5
    assert catalogue.measure("knn", old) == ACCURACY
    assert number({"measure": "rank", "rank": 3, "accuracy": 0.5}) == 3
    assert number({"measure": "rank", "rank": None}) is None
    assert number({}) is None


def test_a_measure_that_is_not_known_here_is_written_as_it_is_and_ranks_nothing() -> None:
    found = catalogue.measure("oracle", {"measure": "insight", "insight": 3.0})
    assert found == Measure("insight", share=False, higher=None)
