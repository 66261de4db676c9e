"""Curves that protocols left in the results."""

from typing import Any

import pytest

from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.drawn_curves import area, averaged, chart, is_share, names


def contestant(*curves: dict[str, Any] | None) -> Contestant:
    rows = [{"results": {"fewshot": {"accuracy": 0.5, "curves": each}}} for each in curves]
    return Contestant("simclr", "", [RunFolder(row=row) for row in rows], {})


def curve(y: list[float | None], **ends: list[float]) -> dict[str, Any]:
    return {"across": "labels a class", "up": "accuracy", "x": [1, 5, 10][: len(y)], "y": y, **ends}


def test_one_seed_keeps_its_own_interval() -> None:
    found = averaged(
        contestant({"a": curve([0.2, 0.4], low=[0.1, 0.3], high=[0.3, 0.5])}), "fewshot", "a"
    )
    assert found is not None
    assert found.points == [(1, 0.2, 0.1, 0.3), (5, 0.4, 0.3, 0.5)]


def test_several_seeds_give_mean_and_range() -> None:
    found = averaged(contestant({"a": curve([0.2])}, {"a": curve([0.4])}, None), "fewshot", "a")
    assert found is not None
    assert found.points == [(1, pytest.approx(0.3), 0.2, 0.4)]
    assert area(found) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "damaged",
    [
        {"x": [1, 2], "y": [1]},
        {"x": "ab", "y": "cd"},
        {"y": [1]},
        7,
        {"x": [1], "y": [1], "low": []},
    ],
)
def test_a_damaged_curve_is_passed_over(damaged: Any) -> None:
    assert averaged(contestant({"a": damaged}), "fewshot", "a") is None


def test_values_that_are_missing_leave_a_gap() -> None:
    found = averaged(contestant({"a": curve([0.2, None, 0.4])}), "fewshot", "a")
    assert found is not None
    assert [x for x, *_ in found.points] == [1, 10]


def test_names_in_order_and_a_chart_of_all() -> None:
    one = contestant({"pgd": curve([0.2, 0.3]), "fgsm": curve([0.2, 0.1])})
    assert names(Comparison({}, [one], None), "fewshot") == ["pgd", "fgsm"]
    found = averaged(one, "fewshot", "pgd")
    assert found is not None
    drawn = chart([(one, found)]) or ""
    assert "labels a class" in drawn
    assert "accuracy, %" in drawn
    assert "SimCLR ends at 30" in drawn


def test_shares_are_told_from_other_numbers() -> None:
    assert is_share("accuracy", [0.1, 1.0])
    assert not is_share("accuracy", [3.0])
    assert not is_share("singular value", [0.1])
