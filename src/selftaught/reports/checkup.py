"""The examination of a data set as text for the terminal."""

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from selftaught.reports.checkup_words import expected_time, how_measured, lines
from selftaught.reports.wording import compact, count, full_title, listing, memory

MARKS = {"trouble": ("✗", "bold red"), "warning": ("!", "bold yellow"), "note": ("·", "dim")}
BAR = 24
ROWS = 12
"""Classes that are listed; of more, the smallest and the largest."""

WIDEST = 120


def print_checkup(content: dict[str, Any], console: Console | None = None) -> None:
    """Print everything that a reader needs, at most 120 columns wide."""
    console = console or Console(highlight=False)
    console = Console(
        file=console.file,
        width=min(console.width, WIDEST),
        highlight=False,
        force_terminal=console.is_terminal,
    )
    for part in (heading(content), advised(content), facts(content), planned(content)):
        console.print(part)
        console.print()


def verdict(content: dict[str, Any]) -> str:
    """How many sentences of each gravity there are, in words."""
    words = []
    for gravity in MARKS:
        number = sum(each["gravity"] == gravity for each in content["advice"])
        if number:
            plural = "" if gravity == "trouble" or number == 1 else "s"
            words.append(f"{number} {gravity}{plural}")
    if not words:
        return "nothing to complain of"
    return listing(words)


def heading(content: dict[str, Any]) -> Text:
    """What was looked at, and how it is."""
    number = content["counts"]["pictures"]
    text = Text(f"{content['data']}: {count(number)} pictures", style="bold")
    return text.append(f", {verdict(content)}", style="not bold")


def advised(content: dict[str, Any]) -> RenderableType:
    """The advice, the gravest first."""
    if not content["advice"]:
        return Text(
            "Every picture can be read; no copies, no leaks, no gaps were found.", style="green"
        )
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(ratio=1, overflow="fold")
    for each in content["advice"]:
        mark, style = MARKS[each["gravity"]]
        table.add_row(Text(mark, style=style), Text(each["text"]))
    return table


def facts(content: dict[str, Any]) -> RenderableType:
    """What there is, a line a matter."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for name, value in lines(content):
        table.add_row(name, Text(value))
    parts: list[RenderableType] = [table]
    if content["classes"] is not None:
        parts += [Text(), class_bars(content["classes"])]
    return Group(*parts)


def class_bars(classes: dict[str, Any]) -> Table:
    """A bar a class; of many classes, the largest and the smallest."""
    ordered = sorted(
        zip(classes["names"], classes["pictures"], strict=True), key=lambda each: -each[1]
    )
    most = max(ordered[0][1], 1)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, max_width=32, overflow="ellipsis")
    table.add_column(justify="right")
    table.add_column(no_wrap=True, style="cyan")
    shown = ordered if len(ordered) <= ROWS else [*ordered[: ROWS // 2], *ordered[-ROWS // 2 :]]
    table.add_row(Text(f"{len(ordered)} classes", style="dim"), Text("pictures", style="dim"), "")
    for place, (name, number) in enumerate(shown):
        if len(shown) < len(ordered) and place == ROWS // 2:
            table.add_row(Text("…", style="dim"), "", "")
        table.add_row(Text(name), count(number), "█" * max(round(BAR * number / most), number > 0))
    return table


def planned(content: dict[str, Any]) -> RenderableType:
    """What each method would be given, why, and what it would take."""
    costs = {each["method"]: each for each in content["costs"]}
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading, justify in (
        ("method", "left"),
        ("encoder", "left"),
        ("views", "left"),
        ("batch", "right"),
        ("epochs", "right"),
        ("time", "left"),
        ("memory", "right"),
    ):
        table.add_column(heading, justify=justify, no_wrap=heading == "time")  # type: ignore[arg-type]
    for each in content["choices"]:
        cost = costs.get(each["method"])
        table.add_row(
            full_title(each["method"]),
            f"{each['encoder']['name']}, {compact(each['encoder']['parameters'])} weights",
            f"{len(each['views'])} × {each['size']} px",
            str(each["batch"]),
            str(each["epochs"]),
            expected_time(cost),
            memory(cost["memory_bytes"]) if cost else "",
        )
    if not content["choices"]:
        return Text("")
    reasons = dict.fromkeys(reason for each in content["choices"] for reason in each["reasons"])
    measured = [how_measured(each) for each in content["costs"]]
    return Group(
        table,
        Text(),
        *(Padding(Text(reason), (0, 0, 0, 2)) for reason in reasons),
        *(Padding(Text(line, style="dim"), (0, 0, 0, 2)) for line in dict.fromkeys(measured)),
    )
