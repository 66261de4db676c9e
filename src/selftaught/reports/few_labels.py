"""A ranking by few labels: its lines in order, for the page and for the terminal."""

from typing import Any

from rich.table import Table
from rich.text import Text

from selftaught.reports.ranking import written
from selftaught.reports.wording import full_title, percent, short


def ordered(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The contestants from best to worst by the reader that ranks."""
    readers = names(found)
    if not readers:
        return []
    lines: list[dict[str, Any]] = found["summary"]
    return sorted(lines, key=lambda line: -line["results"][readers[0]]["mean"])


def names(found: dict[str, Any]) -> list[str]:
    """The readers, the one that ranks first."""
    lines = found.get("summary") or []
    return list(dict.fromkeys(name for line in lines for name in line["results"]))


def spread(line: dict[str, Any], reader: str) -> str:
    """``33.1 to 51.0``"""
    low, high = line["results"][reader]["interval"]
    return f"{percent(low)} to {percent(high)}"


def table(found: dict[str, Any]) -> Table:
    """For the terminal: place, contestant, accuracy and interval by each reader."""
    readers = names(found)
    made = Table(
        title=Text(
            f"{found['pictures']} labels of {len(found['classes'])} classes, standing for "
            f"{found['pool']['pictures']:,} pictures",
            style="bold",
        ),
        title_justify="left",
        header_style="dim",
        box=None,
    )
    made.add_column("rank", no_wrap=True)
    made.add_column("")
    for reader in readers:
        made.add_column(f"{short(reader)} %", justify="right", no_wrap=True)
    for line in ordered(found):
        cells = []
        for reader in readers:
            text = Text(percent(line["results"][reader]["mean"]))
            text.append(f" [{spread(line, reader).replace(' to ', ', ')}]", style="dim")
            cells.append(text)
        made.add_row(
            written(line["ranks"].get(readers[0])), Text(full_title(line["contestant"])), *cells
        )
    return made
