"""Speed as tables, for the terminal and in Markdown: what ``selftaught bench`` measured."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from selftaught.reports.wording import count, full_title, memory, percent

SPEED = ("", "encoder", "precision", "batch", "pictures/s", "floor", "share, %", "memory", "MFU, %")
PEERS = ("", "peer", "configuration", "pictures/s", "ours is faster")

Cells = list[list[str]]


def speed_tables(content: dict[str, Any]) -> list[Table]:
    """What was measured, where the rest of each step went, and the peers if there are any, for a terminal.

    Args:
        content: what ``bench`` returned.
    """
    found = []
    for title, caption, columns, rows in _tables(content):
        table = Table(
            title=Text(title, style="bold"),
            title_justify="left",
            caption=Text(caption, style="dim"),
            caption_justify="left",
            header_style="dim",
            box=None,
        )
        for name in columns:
            left = name in ("", "encoder", "precision", "peer", "configuration")
            table.add_column(name, justify="left" if left else "right", no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row))
        found.append(table)
    return found


def speed_markdown(content: dict[str, Any]) -> str:
    """The same in Markdown."""
    blocks = []
    for title, caption, columns, rows in _tables(content):
        left = sum(
            name in ("", "encoder", "precision", "peer", "configuration") for name in columns
        )
        rule = ["---"] * left + ["---:"] * (len(columns) - left)
        lines = [f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows)]
        blocks.append("\n".join([f"**{title}**", "", *lines, "", caption]).strip())
    return "\n\n".join(blocks) + "\n"


def _tables(content: dict[str, Any]) -> list[tuple[str, str, Sequence[str], Cells]]:
    """Title, caption, columns and cells of each table."""
    rows = content["rows"]
    data = ", ".join(dict.fromkeys(row["data"] for row in rows))
    of_floor = (
        f"Medians of {content['repeats']} rounds in which all took turns, with the lowest and the highest. "
        "The floor: forward, backward and a fused SGD step of the same networks on tensors in place."
    )
    parts = list(dict.fromkeys(name for row in rows for name in row["parts"]))
    found: list[tuple[str, str, Sequence[str], Cells]] = [
        (f"{data} on {_machine(content)}", of_floor, SPEED, [_cells(row) for row in rows]),
        (
            "Where a step's time goes, %",
            "Approximate: parts are timed by clocks that wait for the device.",
            ("", *(part.replace("_", " ") for part in parts)),
            [[_network(row), *(percent(row["parts"].get(name)) for name in parts)] for row in rows],
        ),
    ]
    beside = [_beside(row, peer) for row in rows for peer in row["against"]]
    if beside:
        caption = "Times that ours is faster, in the same rounds. Settings of each are in the JSON."
        found.append(("Against the peers", caption, PEERS, beside))
    return found


def _machine(content: dict[str, Any]) -> str:
    where, rows = content["environment"], content["rows"]
    device = next((row["device_name"] for row in rows if row["device_name"]), where["cpu"])
    threads = sorted({row["threads"] for row in rows})
    words = " and ".join(map(str, threads)) + (" thread" if threads == [1] else " threads")
    return f"{device}, {words}, torch {where['versions']['torch']}"


def _title(row: dict[str, Any]) -> str:
    return full_title(row["contestant"])


def _network(row: dict[str, Any]) -> str:
    how = ", compiled" * row["compiled"]
    return f"{_title(row)}, {row['encoder']}, {row['data']}{how}"


def _cells(row: dict[str, Any]) -> list[str]:
    low, high = row["share_of_floor_range"]
    return [
        _title(row),
        row["encoder"],
        row["precision"] + (", compiled" if row["compiled"] else ""),
        str(row["batch"]),
        speed(row["pictures_per_second"]),
        speed(row["floor_pictures_per_second"]),
        f"{percent(row['share_of_floor'])} ({percent(low)}–{percent(high)})",
        memory(row["peak_memory_bytes"]),
        percent(row["model_flop_utilisation"]),
    ]


def _beside(row: dict[str, Any], peer: dict[str, Any]) -> list[str]:
    low, high = peer["times_faster_range"]
    return [
        _network(row),
        peer["peer"],
        peer["configuration"],
        speed(peer["pictures_per_second"]),
        f"{peer['times_faster']:.2f} times ({low:.2f}–{high:.2f})",
    ]


def speed(pictures: float | None) -> str:
    """Pictures a second: three digits, or all before the point."""
    return f"{pictures:.3g}" if pictures is not None and pictures < 100 else count(pictures)
