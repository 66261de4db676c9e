"""The terminal's table."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from example import write_example
from rich.console import Console

from selftaught.reports.tables import comparison_table


def printed(comparison: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=160)
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
    assert next(line for line in text.splitlines() if "BYOL " in line).count("–") == 5
    assert "failed" in text
    assert text.index("VICReg") < text.index("baselines") < text.index("Untrained")
    assert "sees labels" in next(line for line in text.splitlines() if "Supervised" in line)


def test_names_are_no_markup() -> None:
    row = {"contestant": "[red]x", "results": {}, "verdict": "failed"}
    assert "[red]x" in printed({"rows": [row]})
