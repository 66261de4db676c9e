"""docs/results.md, docs/speed.md and their charts are what the files of benchmarks/results give."""

import copy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
AGAIN = "run `python benchmarks/draw.py` and commit what it writes"


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script; nothing of it stays imported."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import draw  # type: ignore[import-not-found]

    yield draw  # type: ignore[misc]
    for name in [name for name in sys.modules if name == "draw" or name.startswith("drawn")]:
        del sys.modules[name]


@pytest.fixture
def tables(draw: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = draw.read()
    return found


def test_the_pages_are_what_the_tables_give(draw: ModuleType, tables: dict[str, Any]) -> None:
    assert draw.stale(draw.pages(tables), ROOT / "docs") == [], AGAIN


def test_another_number_makes_them_stale(draw: ModuleType, tables: dict[str, Any]) -> None:
    changed = copy.deepcopy(tables)
    changed["shapes-3-seeds"]["summary"][0]["results"]["linear"]["mean"] += 0.01
    wrong = draw.stale(draw.pages(changed), ROOT / "docs")
    assert wrong == ["figures/shapes-3-seeds-linear.svg", "results.md"]
    del changed["losses-cpu"]
    gone = draw.stale(draw.pages(changed), ROOT / "docs")
    assert {"figures/losses-cpu-time.svg", "speed.md"} <= set(gone)


def test_every_number_of_a_comparison_is_in_its_table(
    draw: ModuleType, tables: dict[str, Any]
) -> None:
    text = draw.pages(tables)["results.md"]
    for stem, content in tables.items():
        for line in content.get("summary", []):
            for found in line["results"].values():
                assert f"{100 * found['mean']:.1f}" in text, (stem, line["contestant"])


def test_charts_are_well_formed_and_say_their_numbers(
    draw: ModuleType, tables: dict[str, Any]
) -> None:
    for name, text in draw.pages(tables).items():
        if name.endswith(".svg"):
            root = ElementTree.fromstring(text)
            title = root.find("{http://www.w3.org/2000/svg}title")
            assert title is not None and len(title.text or "") > 40, name


def test_contestants_on_two_encoders_have_a_chart_each(
    draw: ModuleType, tables: dict[str, Any]
) -> None:
    content = copy.deepcopy(tables["shapes-3-seeds"])
    content["summary"][1]["encoder"] = "vit_micro"
    written = draw.pages({"both": content})
    assert "### resnet_tiny" in written["results.md"] and "### vit_micro" in written["results.md"]
    ours = written["figures/both-resnet_tiny-linear.svg"]
    theirs = written["figures/both-vit_micro-linear.svg"]
    moved = content["summary"][1]["contestant"]
    assert moved == "byol" and "BYOL" in theirs and "BYOL" not in ours


def test_a_table_of_steps_and_one_beside_peers(draw: ModuleType) -> None:
    peer = {
        "peer": "lightly",
        "configuration": "best",
        "pictures_per_second": 69.0,
        "times_faster": 1.4,
        "times_faster_range": [1.3, 1.5],
    }
    row = {
        "contestant": "byol",
        "data": "random",
        "encoder": "resnet18",
        "precision": "bfloat16",
        "compiled": False,
        "batch": 64,
        "threads": 2,
        "device_name": None,
        "pictures_per_second": 100.0,
        "floor_pictures_per_second": 110.0,
        "share_of_floor": 0.91,
        "share_of_floor_range": [0.9, 0.93],
        "peak_memory_bytes": 2**30,
        "model_flop_utilisation": None,
        "parts": {"networks": 0.91},
        "against": [peer, peer | {"configuration": "default", "times_faster": 3.0}],
    }
    machine = {"cpu": "A Processor", "cores": 2, "versions": {"torch": "2.15.0"}}
    content = {"environment": machine | {"command": ["speed.py", "cpu"]}, "repeats": 5}
    rows = [row, row | {"compiled": True, "against": []}]
    written = draw.pages({"speed-cpu": content | {"rows": rows, "note": "A quiet machine."}})
    assert "BYOL, resnet18, compiled 91.0" in written["figures/speed-cpu-floor.svg"]
    for setting, times in {"best": "1.40", "default": "3.00"}.items():
        assert f"BYOL, resnet18 {times};" in written[f"figures/speed-cpu-peers-{setting}.svg"]
    for words in ("A Processor", "91.0 (90.0–93.0)", "1.40 times", "A quiet machine."):
        assert words in written["speed.md"]


def test_a_table_of_judging_adds_up_what_both_protocols_take(draw: ModuleType) -> None:
    row = {"features": "hard", "bank": 50_000, "queries": 10_000, "width": 512, "accuracy": 0.6125}
    row |= {"reference": "something slow", "reference_seconds": 31.25, "reference_accuracy": 0.6134}
    rows = [
        row | {"protocol": "knn", "seconds": 4.04, "seconds_each": [3.98, 4.04, 4.2]},
        row | {"protocol": "linear", "seconds": 2.91, "seconds_each": [2.9, 2.91, 3.0]},
    ]
    machine = {"cpu": "A Processor", "cores": 2, "versions": {"torch": "2.15.0"}}
    content = {"environment": machine | {"command": ["speed.py", "judging"]}, "rows": rows}
    text = draw.pages({"speed-judging": content | {"note": "A quiet machine."}})["speed.md"]
    for words in ("kNN, hard features", "4.04 (3.98–4.20)", "61.25", "31.2", "take 7.0 s", "quiet"):
        assert words in text


def test_a_file_that_no_page_draws_is_not_passed_over(draw: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"rows": [{"a": 1}]}')
    with pytest.raises(SystemExit, match=r"other\.json is neither"):
        draw.read(tmp_path)
