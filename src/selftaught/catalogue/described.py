"""What is read from any such file: its docstring, its parameters with their meaning, its plain values."""

import ast
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from selftaught import types
from selftaught.errors import Refusal


@dataclass(frozen=True)
class Parameter:
    """One keyword argument of a method or protocol: its constrained type, its default, its meaning."""

    annotation: Any
    default: Any
    meaning: str = ""


@dataclass(frozen=True)
class Described:
    """What a file's docstring says: its first line is ``Name (Authors, year), https://paper, place.``"""

    document: str

    @property
    def title(self) -> str:
        """Name, authors and year: the first line of the docstring up to its address or its colon."""
        return re.split(r", https?://|[:.] ", self.document.strip().splitlines()[0])[0].rstrip(".")

    @property
    def written(self) -> str:
        """The name as it is written: SimCLR."""
        return self.title.split(" (")[0]

    @property
    def year(self) -> int | None:
        """Year of the paper, from the title."""
        found = re.search(r"\b(19|20)\d\d\b", self.title)
        return int(found.group()) if found else None

    @property
    def link(self) -> str | None:
        """Address of the paper, from the docstring."""
        found = re.search(r"https?://\S+", self.document)
        return found.group().rstrip(",.") if found else None


def parameters_of(
    function: ast.FunctionDef,
    meanings: dict[str, str],
    path: Path,
    constants: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Parameter]:
    """The keyword-only arguments of a function; a default is a plain value, or one of the ``constants``."""
    names = {**{name: getattr(types, name) for name in types.__all__}, "Literal": Literal}
    parameters = {}
    arguments = function.args
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if argument.annotation is None or default is None:
            raise Refusal(f"{path}: '{argument.arg}' needs a type and a default.")
        source = compile(ast.Expression(argument.annotation), str(path), "eval")
        try:
            kind = eval(source, dict(names))
            if isinstance(default, ast.Name) and default.id in constants:
                value = constants[default.id]
            else:
                value = ast.literal_eval(default)
        except (NameError, ValueError):
            raise Refusal(
                f"{path}: '{argument.arg}: {ast.unparse(argument.annotation)} = "
                f"{ast.unparse(default)}' cannot be read; write a type of "
                "selftaught.types or of Python, and a plain value."
            ) from None
        parameters[argument.arg] = Parameter(kind, value, meanings.get(argument.arg, ""))
    return parameters


def meanings_of(document: str) -> dict[str, str]:
    """``name: what it is`` of a docstring's ``Args:``, lines joined."""
    _, _, rest = document.partition("Args:\n")
    found: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        if not line.strip():
            break
        if start := re.match(r" {4}(\w+): (.*)", line):
            name = start[1]
            found[name] = start[2].strip()
        elif name:
            found[name] += f" {line.strip()}"
    return found


def constants_of(tree: ast.Module) -> dict[str, Any]:
    """The plain values that have a name at the top of a file."""
    found = {}
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            with suppress(ValueError):
                found[line.targets[0].id] = ast.literal_eval(line.value)
    return found
