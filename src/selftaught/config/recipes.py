"""Recipes: YAML files by data set and method, the starting point of a run."""

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from selftaught.errors import Refusal, suggest

EVERY = "every-method"
"""The recipe of a data set that holds for all methods: one encoder and one budget, so that they compare."""

SAME = {"cifar100": "cifar10", "digits": "shapes"}
"""Data sets that are taught by another's recipes."""


def recipe(method: str, data: str, chosen: str | None = None) -> dict[str, Any]:
    """What all methods share on a data set, then what this one needs there.

    A set without recipes of its own (a folder of pictures) takes those of ``recipes/folder``.

    Args:
        chosen: recipes of another name (``cifar10-cpu``) or in a folder of the user's (``./my-recipes``).

    Raises:
        Refusal: there are no recipes of the chosen name; the sentence names the nearest.
    """
    root = resources.files("selftaught") / "recipes"
    if chosen is not None:
        folder = Path(chosen) if "/" in chosen else root / chosen
        if "/" in chosen and not folder.is_dir():
            raise Refusal(
                f"There is no folder of recipes {chosen}; give one that exists, or the name of one of the "
                "package's."
            )
        if not folder.is_dir():
            known = [each.name for each in root.iterdir() if each.is_dir()]
            raise Refusal(f"There are no recipes '{chosen}'; {suggest(chosen, sorted(known))}")
    else:
        folder = root / SAME.get(data, data)
        if not re.fullmatch(r"\w+", data) or not folder.is_dir():
            folder = root / "folder"
    found: dict[str, Any] = {}
    for name in (EVERY, method):
        file = folder / f"{name}.yaml"
        if file.is_file():
            found = merged(found, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    return found


def recipes_of(method: str) -> dict[str, dict[str, Any]]:
    """All recipes in the package that have a file for this method, by their folder."""
    root = resources.files("selftaught") / "recipes"
    folders = sorted(each.name for each in root.iterdir() if (each / f"{method}.yaml").is_file())
    return {name: recipe(method, name, name) for name in folders}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Branches are merged, leaves replaced."""
    found = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if both else value
    return found
