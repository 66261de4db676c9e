"""Speed as tables: what was measured stands in them, and Markdown that is a table."""

from io import StringIO
from typing import Any

from rich.console import Console

from selftaught.reports.speed import speed, speed_markdown, speed_tables

PEER = {
    "peer": "lightly",
    "configuration": "best",
    "pictures_per_second": 69.04,
    "times_faster": 1.449,
    "times_faster_range": [1.4, 1.5],
}
CONTENT: dict[str, Any] = {
    "environment": {"cpu": "A Processor", "versions": {"torch": "2.15.0"}},
    "repeats": 5,
    "rows": [
        {
            "contestant": "byol:momentum=0,0",
            "data": "random",
            "encoder": "resnet18",
            "precision": "bfloat16",
            "compiled": False,
            "batch": 64,
            "threads": 2,
            "device_name": None,
            "pictures_per_second": 54321.0,
            "floor_pictures_per_second": 60000.0,
            "share_of_floor": 0.912,
            "share_of_floor_range": [0.9, 0.93],
            "peak_memory_bytes": 2**30,
            "model_flop_utilisation": None,
            "parts": {"networks": 0.912, "views": 0.05, "after_step": 0.038},
            "against": [PEER],
        }
    ],
}


def shown(content: dict[str, Any]) -> str:
    console = Console(width=120, file=StringIO())
    for table in speed_tables(content):
        console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_what_was_measured_stands_in_both() -> None:
    for text in (shown(CONTENT), speed_markdown(CONTENT)):
        for word in (
            "A Processor, 2 threads, torch 2.15.0",
            "BYOL momentum=0,0",
            "54,321",
            "60,000",
            "91.2 (90.0–93.0)",
            "5.0",
            "after step",
            "lightly",
            "69",
            "1.45 times (1.40–1.50)",
        ):
            assert word in text


def test_without_peers_there_is_no_table_of_them() -> None:
    (row,) = CONTENT["rows"]
    alone = CONTENT | {"rows": [row | {"against": []}]}
    assert len(speed_tables(alone)) == len(speed_tables(CONTENT)) - 1
    assert "peer" not in speed_markdown(alone)


def test_the_gpu_is_named_where_there_is_one() -> None:
    (row,) = CONTENT["rows"]
    there = CONTENT | {"rows": [row | {"device_name": "NVIDIA H200"}]}
    assert "random on NVIDIA H200" in shown(there)


def test_every_line_of_a_markdown_table_has_as_many_cells() -> None:
    for block in speed_markdown(CONTENT).split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


def test_small_numbers_keep_three_digits() -> None:
    assert [speed(x) for x in (1.2345, 69.04, 250.4, 54321.0, None)] == [
        "1.23",
        "69",
        "250",
        "54,321",
        "–",
    ]
