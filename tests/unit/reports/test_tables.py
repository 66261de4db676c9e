"""The terminal's table."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from example import write_example
from rich.console import Console

from selftaught import catalogue
from selftaught.reports.tables import comparison_table, comparison_tables


def printed(comparison: dict[str, Any], width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(comparison_table(comparison))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("seeds", [1, 3])
def test_values_under_three_seeds_and_intervals_from_three(tmp_path: Path, seeds: int) -> None:
    directory = write_example(tmp_path, seeds=seeds, count=40, failed="byol")
    comparison = json.loads((directory / "comparison.json").read_text())
    text = printed(comparison)
    assert "k = 20, T = 0.1" in text
    vicreg = next(line for line in text.splitlines() if "VICReg" in line)
    assert ("[" in vicreg) == (seeds == 3)
    cells = {1: 4, 3: 3}  # kNN, linear, seconds, and under three seeds memory
    assert next(line for line in text.splitlines() if "BYOL " in line).count("–") == cells[seeds]
    assert "failed" in text
    assert text.index("VICReg") < text.index("baselines") < text.index("Untrained")
    starred = [line.split()[0] for line in text.splitlines() if line.rstrip().endswith(" *")]
    assert starred == ["Supervised"] and "* sees labels" in text


@pytest.mark.parametrize("seeds", [1, 3])
def test_no_line_breaks_in_eighty_columns(tmp_path: Path, seeds: int) -> None:
    directory = write_example(tmp_path, seeds=seeds, count=40)
    comparison = json.loads((directory / "comparison.json").read_text())
    narrow, wide = (printed(comparison, width).splitlines() for width in (80, 160))
    assert [line.rstrip() for line in narrow] == [line.rstrip() for line in wide]


def test_names_are_no_markup() -> None:
    row = {"contestant": "[red]x", "results": {}, "verdict": "failed"}
    assert "[red]x" in printed({"rows": [row]})


def test_a_measure_that_is_no_accuracy_heads_its_column_and_is_written_in_its_own_unit() -> None:
    retrieval = {"measure": "mean_average_precision", "mean_average_precision": 0.3125}
    stranger = {"measure": "insight", "insight": 12.3456}
    results = {"linear": {"accuracy": 0.5}, "retrieval": retrieval, "oracle": stranger}
    text = printed({"rows": [{"contestant": "simclr", "results": results, "verdict": "learning"}]})
    head, line = (
        each for each in text.splitlines() if "Linear probe %" in each or "SimCLR" in each
    )
    assert "Retrieval mAP %" in head
    assert "oracle insight" in head and "oracle insight %" not in head
    assert line.split()[:4] == ["SimCLR", "50.0", "31.2", "12.3"]


def test_many_protocols_take_several_tables_of_eighty_columns() -> None:
    names = [
        "knn",
        "linear",
        "mlp",
        "fewshot",
        "retrieval",
        "clustering",
        "calibration",
        "fairness",
    ]
    results = {
        name: {"measure": (m := catalogue.protocol(name).measure.name), m: 0.1 + 0.01 * number}
        for number, name in enumerate(names)
    }
    row = {
        "contestant": "barlow_twins",
        "results": results,
        "verdict": "learning",
        "seconds": 100.0,
    }
    console = Console(file=io.StringIO(), width=80)
    for table in comparison_tables({"rows": [row]}):
        console.print(table)
    text = console.file.getvalue()
    assert "…" not in text
    assert text.count("Barlow Twins") == 3  # two beside the cost, then four, then two
    assert text.count("learning") == 1
    for number in range(8):
        assert f"{10 + number}.0" in text
