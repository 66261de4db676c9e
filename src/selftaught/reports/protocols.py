"""How encoders may be judged: the table of protocols, and the page of one."""

from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from selftaught import catalogue
from selftaught.reports.methods import plain, reflowed

BETTER = {True: "more is better", False: "less is better", None: "neither more nor less is better"}


def facts(name: str) -> dict[str, Any]:
    """A protocol as JSON: what its file says.

    Raises:
        Refusal: no such protocol.
    """
    found = catalogue.protocol(name)
    return {
        "name": found.name,
        "title": found.title,
        "year": found.year,
        "link": found.link,
        "question": found.question,
        "measure": found.measure.name,
        "higher_is_better": found.measure.higher,
        "needs": needs(found),
        "parameters": found.defaults(),
        "meanings": {key: parameter.meaning for key, parameter in found.parameters.items()},
    }


def needs(found: catalogue.Protocol) -> str:
    """What it reads, in a word or two."""
    return "encoder, pictures" if found.subject else "features"


def table() -> Table:
    """All protocols, a line each."""
    table = Table(box=None, header_style="dim")
    for column in ("protocol", "measure", "reads", "asks"):
        table.add_column(column, no_wrap=column == "protocol")
    for name in catalogue.protocols():
        found = catalogue.protocol(name)
        table.add_row(name, found.measure.written, needs(found), Text(found.question))
    return table


def page(name: str) -> Group:
    """One protocol: what it does and whose it is, and its parameters with the published values.

    Raises:
        Refusal: no such protocol.
    """
    found = catalogue.protocol(name)
    said = f"Its number is {found.measure.written}: {BETTER[found.measure.higher]}."
    parts: list[Any] = [Text(reflowed(found.document)), Text(), Text(said), Text()]
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key, parameter in found.parameters.items():
        default = Text(f"{name}.{key}={plain(parameter.default)}", style="bold", overflow="fold")
        grid.add_row(default, Text(parameter.meaning))
    if found.parameters:
        parts += [Text("Parameters", style="dim"), Padding(grid, (0, 0, 0, 2))]
    return Group(*parts)
