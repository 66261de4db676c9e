"""Protocols: the files ``evaluation/NAME.py`` that hold a function ``protocol``."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from selftaught.catalogue.described import (
    Described,
    Parameter,
    constants_of,
    meanings_of,
    parameters_of,
)
from selftaught.errors import Refusal, suggest
from selftaught.measures import ACCURACY, Measure

ALL = "all"
"""As the name of a protocol: every one that the data can carry."""


@dataclass(frozen=True)
class Protocol(Described):
    """What a protocol's file says of itself.

    Attributes:
        name: the file's name, and the protocol's.
        module: where to import it from.
        measure: what its number is.
        parameters: the keyword arguments of the function ``protocol``, with what each means.
        subject: whether it needs the encoder or pictures, and not frozen features alone.
        labels: whether it needs labels; its file says ``LABELS = False`` where it does not.
    """

    name: str
    module: str
    measure: Measure
    parameters: dict[str, Parameter]
    subject: bool
    labels: bool = True

    @property
    def question(self) -> str:
        """What it asks of an encoder: the docstring's second paragraph."""
        paragraphs = self.document.strip().split("\n\n")
        return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""

    def defaults(self) -> dict[str, Any]:
        """Every parameter at its published value."""
        return {key: parameter.default for key, parameter in self.parameters.items()}


@cache
def protocol_files() -> dict[str, tuple[Path, ast.Module]]:
    """Name to file and its tree, of the files of ``evaluation/`` that hold a function ``protocol``."""
    folder = Path(str(resources.files("selftaught"))) / "evaluation"
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[!_]*.py"))
    }
    return {path.stem: (path, tree) for path, tree in trees.items() if _function(tree) is not None}


def _function(tree: ast.Module) -> ast.FunctionDef | None:
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return next((node for node in found if node.name == "protocol"), None)


def protocols() -> tuple[str, ...]:
    """How encoders may be judged: the files of ``evaluation/`` that hold a function ``protocol``."""
    return tuple(protocol_files())


@cache
def protocol(name: str) -> Protocol:
    """What the protocol's file says.

    Raises:
        Refusal: no such protocol; the sentence names the nearest.
    """
    if name not in protocols():
        raise Refusal(f"There is no protocol '{name}'; {suggest(name, [*protocols(), ALL])}")
    path, tree = protocol_files()[name]
    function = _function(tree)
    assert function is not None
    constants = constants_of(tree)
    meanings = meanings_of(ast.get_docstring(function) or "")
    return Protocol(
        document=ast.get_docstring(tree) or path.stem,
        name=name,
        module=f"selftaught.evaluation.{name}",
        measure=_measure(tree, path),
        parameters=parameters_of(function, meanings, path, constants),
        subject=len(function.args.args) > 1,
        labels=constants.get("LABELS", True),
    )


def _measure(tree: ast.Module, path: Path) -> Measure:
    """``MEASURE = Measure(...)`` of a protocol's file; an accuracy without."""
    for line in tree.body:
        if (
            isinstance(line, ast.Assign)
            and isinstance(line.value, ast.Call)
            and isinstance(line.targets[0], ast.Name)
            and line.targets[0].id == "MEASURE"
        ):
            try:
                plain = [ast.literal_eval(value) for value in line.value.args]
                named = {
                    str(each.arg): ast.literal_eval(each.value) for each in line.value.keywords
                }
            except ValueError:
                raise Refusal(f"{path}: give MEASURE = Measure(...) plain values.") from None
            return Measure(*plain, **named)
    return ACCURACY


def measure(name: str, result: Mapping[str, Any] = MappingProxyType({})) -> Measure:
    """What the number of a protocol's part of results.json is.

    Args:
        name: the protocol.
        result: its part of results.json, which may be of another version or of a protocol that is not
            here: then the number is written as it is, and nothing is claimed of it.
    """
    said = result.get("measure")
    known = protocol(name).measure if name in protocols() else ACCURACY
    if not result or known.name == (said or ACCURACY.name):
        return known
    return ACCURACY if said is None else Measure(said, share=False, higher=None)


def asked_protocols(given: Iterable[str]) -> tuple[str, ...]:
    """The protocols of that names, each once; ``all`` stands for every one.

    Raises:
        Refusal: one is unknown (the sentence names the nearest), or none is given.
    """
    given = [name.strip() for name in given]
    for name in given:
        if name != ALL:
            protocol(name)
    if not given:
        raise Refusal(f"No protocol was given; choose some of: {', '.join(protocols())}.")
    return protocols() if ALL in given else tuple(dict.fromkeys(given))
