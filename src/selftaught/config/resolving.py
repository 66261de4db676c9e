"""From a method's name, the recipe and overrides to a validated run, or to a sentence on what does not fit."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from selftaught import catalogue
from selftaught.config.recipes import merged, recipe
from selftaught.config.tree import Part, Run, run_model
from selftaught.errors import Refusal, suggest

SHORT = {"data": "name", "encoder": "name", "optimiser": "name", "views": "preset"}
"""``encoder=resnet50`` is short for ``encoder.name=resnet50``."""


def _place(tree: dict[str, Any], key: str, value: Any, name: str) -> None:
    """Put one override where it belongs: a branch of the tree, or the method's own parameter."""
    own = catalogue.entry(name).parameters
    first, *rest = key.split(".")
    if first in own and not rest:
        tree["method"][first] = value
        return
    fields = run_model(name).model_fields
    if first not in fields:
        everything = [*own, *(f for f in fields if f not in ("method", "measured")), *_leaves(name)]
        raise Refusal(f"{name} has no key '{key}'; {suggest(key, everything)}")
    if not rest and first in SHORT and not isinstance(value, dict):
        rest = [SHORT[first]]
    branch: Any = tree
    for step in (first, *rest)[:-1]:
        branch = branch.setdefault(step, {})
        if not isinstance(branch, dict):
            raise Refusal(f"'{key}' goes deeper than the configuration does.")
    branch[(first, *rest)[-1]] = value


def _leaves(name: str) -> list[str]:
    """All dotted keys of a run."""
    found = []
    for key, field in run_model(name).model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, Part) and key != "measured":
            found += [f"{key}.{inner}" for inner in part.model_fields]
    return found


def _sentence(name: str, error: ValidationError) -> str:
    """The first thing that pydantic found wrong, as a sentence."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if not str(part).startswith("function-")]
    key = ".".join(path[1:] if path[:1] == ["method"] else path)
    if first["type"] == "extra_forbidden":
        return f"{name} has no key '{key}'; {suggest(key, [*catalogue.entry(name).parameters, *_leaves(name)])}"
    if first["type"] == "value_error":
        return f"{name}: {first['ctx']['error']}."
    if first["type"] == "tuple_type":
        message = "it is one value; give several with commas between them"
    else:
        message = first["msg"][0].lower() + first["msg"][1:]
    return f"{name}: {key}={first['input']!r} cannot be used: {message}."


def resolve(name: str, *sources: Mapping[str, Any]) -> Run:
    """A method, the recipe for the data, then overrides in order, to a validated run.

    Args:
        name: the method.
        sources: dotted keys to values; later ones win, None as any other. One of them must give ``data`` or
            ``data.name``.

    Raises:
        Refusal: an unknown method or key (with the nearest valid one), or a value out of range.
    """
    overrides: dict[str, Any] = {}
    for source in sources:
        overrides.update(source)
    data = overrides.get("data.name", overrides.get("data", "shapes"))
    model = run_model(name)
    blank = {"method": {}, "data": {"name": data}}
    chosen = overrides.get("recipe")
    tree = merged(blank, recipe(name, str(data), None if chosen is None else str(chosen)))
    tree["method"]["name"] = name
    planned = tree.get("optimiser", {}).get("name")
    for key, value in overrides.items():
        _place(tree, key, value, name)
    if overrides.get("budget") is not None and "epochs" in overrides:
        raise Refusal(
            f"epochs={overrides['epochs']} and budget={overrides['budget']} both say how long to train; "
            "give one of them."
        )
    try:
        run = model.model_validate(tree)
    except ValidationError as error:
        raise Refusal(_sentence(name, error)) from None
    if planned not in (None, run.optimiser.name) and "optimiser.rate" not in overrides:
        raise Refusal(
            f"{name}: the recipe's rate was found for {planned} and does not suit "
            f"{run.optimiser.name}; give optimiser.rate=... as well."
        )
    return run
