"""What there is to choose from: the table of methods, and the page of one."""

from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from selftaught import catalogue, config


def facts(name: str) -> dict[str, Any]:
    """A method as JSON: what its file says, and its recipes with what was measured.

    Raises:
        Refusal: no such method.
    """
    entry = catalogue.entry(name)
    return {
        "name": entry.name,
        "family": entry.family,
        "title": entry.title,
        "year": entry.year,
        "link": entry.link,
        "baseline": entry.baseline,
        "sees_labels": bool(entry.needs.get("labels")),
        "encoders": entry.encoders,
        "state": list(entry.state),
        "views": entry.needs,
        "parameters": {key: parameter.default for key, parameter in entry.parameters.items()},
        "meanings": {key: parameter.meaning for key, parameter in entry.parameters.items()},
        "recipes": config.recipes_of(name),
    }


def table() -> Table:
    """All methods, a line each."""
    table = Table(box=None, header_style="dim")
    for column in ("method", "family", "paper", "encoders", "carries"):
        table.add_column(column, no_wrap=column == "method")
    for name in catalogue.names():
        entry = catalogue.entry(name)
        family = entry.family.replace("_", " ")
        carries = ", ".join(entry.state)
        table.add_row(name, family, entry.title, "" if entry.baseline else entry.encoders, carries)
    return table


def page(name: str) -> Group:
    """One method: its equation in words, its parameters, its recipes and their results.

    Raises:
        Refusal: no such method.
    """
    entry = catalogue.entry(name)
    parts: list[Any] = [Text(reflowed(entry.document)), Text()]
    if not entry.baseline:
        parts += [Text(_appetite(entry)), Text()]
    if entry.parameters:
        grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for key, parameter in entry.parameters.items():
            default = Text(f"{key}={plain(parameter.default)}", style="bold", overflow="fold")
            grid.add_row(default, Text(parameter.meaning))
        parts += [Text("Parameters", style="dim"), Padding(grid, (0, 0, 0, 2)), Text()]
    recipes = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for data, tree in config.recipes_of(name).items():
        recipes.add_row(Text(data, style="bold"), _budget(tree), _measured(tree.get("measured")))
    if recipes.row_count and not entry.baseline:
        parts += [Text("Recipes", style="dim"), Padding(recipes, (0, 0, 0, 2))]
    return Group(*parts)


def reflowed(document: str) -> str:
    """A docstring for any width: prose in lines as long as the screen, indented lines as they are."""
    paragraphs = document.replace("``", "").split("\n\n")
    return "\n\n".join(
        each if each.startswith(" ") else " ".join(each.split()) for each in paragraphs
    )


def _appetite(entry: catalogue.Entry) -> str:
    """What it is shown, what it takes and what it carries, in a line or two."""
    needs = entry.needs
    count = needs.get("views", 2)
    words = [f"{count} view{'s' * (count != 1)}{' or more' * bool(needs.get('more'))} of a picture"]
    if needs.get("small") is not None:
        words.append(f"{needs['small']} small crops (any number)")
    words.append("a ViT" if needs.get("tokens") else "any encoder")
    text = f"Takes {', '.join(words)}"
    text += "; learns from labels" if needs.get("labels") else ""
    return f"{text}. Carries {', '.join(entry.state) or 'nothing but its weights'}."


def plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _budget(tree: dict[str, Any]) -> str:
    optimiser = tree.get("optimiser", {})
    encoder = tree.get("encoder", {}).get("name", "")
    rate = f"{optimiser.get('name', 'sgd')} {optimiser.get('rate', ''):g}" if optimiser else ""
    return f"{encoder}, {tree.get('epochs')} epochs, batch {tree.get('batch')}, {rate}"


def _measured(found: dict[str, Any] | None) -> str:
    if not found:
        return "not yet measured by us"
    scores = [f"{key} {found[key]:.1%}" for key in ("knn", "linear") if key in found]
    seeds = found.get("seeds", 1)
    length = f" after {found['epochs']} epochs" if "epochs" in found else ""
    where = f"on {found.get('split', 'test')}"
    return f"{', '.join(scores)} {where}{length}, {seeds} seed{'s' * (seeds != 1)}"
