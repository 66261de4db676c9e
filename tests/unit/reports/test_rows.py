"""Rows of a comparison, from configurations and run folders."""

from pathlib import Path

from selftaught import catalogue, config
from selftaught.reports import rows


def test_a_row_says_only_what_the_comparison_asked_for() -> None:
    results = {"test": {"linear": {"accuracy": 0.5}, "knn": {"accuracy": 0.4}}}
    assert list(rows.facts(results, "test", ["knn"])["results"]) == ["knn"]
    assert list(rows.facts(results, "test")["results"]) == ["linear", "knn"]


def test_who_sees_labels_is_known_without_loading_a_method() -> None:
    for name in catalogue.built_in():
        needs = getattr(catalogue.entry(name).load(), "needs", None)
        run = config.resolve(name, {"data": "shapes"})
        row = rows.blank(name, run, 0, Path(name))
        assert row["sees_labels"] == bool(getattr(needs, "labels", False)), name
