"""Which methods and protocols there are: ``methods/*/NAME.py`` and ``evaluation/NAME.py`` are the registries.

A file is *read*, not imported: its docstring gives the paper, its class's constructor (a protocol's: the
function ``protocol``) the parameters. So a mistyped method or key is answered in a tenth of a second, before
torch is loaded. Packages outside add methods through the entry-point group ``selftaught.methods``
(``NAME = package.module``), whose module is read in the same way.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata, resources, util
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from selftaught import types
from selftaught.errors import Refusal, suggest
from selftaught.measures import ACCURACY, Measure

GROUP = "selftaught.methods"
BASES = ("Method", "Baseline")
STATEFUL = {
    "Teacher": "teacher",
    "Queue": "queue",
    "Balanced": "queue",
    "Centre": "centre",
    "Sharpener": "centre",
}
"""Classes of ``parts/`` that hold what gradients do not move, and what that is."""


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


@dataclass(frozen=True)
class Entry(Described):
    """What a method's file says of itself.

    Attributes:
        name: the file's name, and the method's.
        family: the folder's name.
        module: where to import it from.
        class_name: the one class in it that derives from Method or Baseline.
        baseline: whether it is fitted without gradients instead of trained.
        seeded: False where the class says ``seeded = False``: every seed gives the same.
        own_encoder: whether it brings an encoder of its own instead of using the comparison's.
        document: the file's docstring.
        parameters: the constructor's keyword arguments, without the encoder; what each means stands in
            the class's docstring.
        needs: what ``Needs(...)`` says in the class, by keyword.
        state: what it carries besides weights that learn: parts (a teacher, a queue) and buffers.
    """

    name: str
    family: str
    module: str
    class_name: str
    baseline: bool
    seeded: bool
    own_encoder: bool
    parameters: dict[str, Parameter]
    needs: dict[str, Any]
    state: tuple[str, ...]

    @property
    def encoders(self) -> str:
        """Which encoders it takes, in a word."""
        return "ViT" if self.needs.get("tokens") else "any"

    def load(self) -> type[Any]:
        """Import the class (this loads torch)."""
        found: type[Any] = getattr(import_module(self.module), self.class_name)
        return found


def _read(path: Path, module: str, family: str) -> Entry:
    """Read one method's file; annotations may use ``types``' names, defaults are literals."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise Refusal(f"{path} is not Python: {error.msg} in line {error.lineno}.") from None
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in BASES for base in node.bases)
    ]
    if len(found) != 1:
        raise Refusal(f"{path} holds {len(found)} methods; a method's file holds exactly one.")
    (node,) = found
    said = {
        target.id: ast.literal_eval(line.value)
        for line in node.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    parameters: dict[str, Parameter] = {}
    for function in node.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            parameters = _parameters(function, _meanings(ast.get_docstring(node) or ""), path)
    return Entry(
        name=path.stem,
        family=family,
        module=module,
        class_name=node.name,
        baseline=any(isinstance(base, ast.Name) and base.id == "Baseline" for base in node.bases),
        seeded=said.get("seeded", True),
        own_encoder=said.get("own_encoder", False),
        document=ast.get_docstring(tree) or path.stem,
        parameters=parameters,
        needs=_needs(node, path),
        state=_state(node),
    )


def _parameters(
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


def _meanings(document: str) -> dict[str, str]:
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


def _needs(node: ast.ClassDef, path: Path) -> dict[str, Any]:
    """The keywords of ``needs = Needs(...)``."""
    try:
        return {
            keyword.arg: ast.literal_eval(keyword.value)
            for line in node.body
            if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call)
            for target in line.targets
            if isinstance(target, ast.Name) and target.id == "needs"
            for keyword in line.value.keywords
            if keyword.arg is not None
        }
    except ValueError:
        raise Refusal(f"{path}: 'needs' cannot be read; give Needs(...) plain values.") from None


def _state(node: ast.ClassDef) -> tuple[str, ...]:
    """Parts that hold state, and buffers, in the order of the constructor."""
    found: list[str] = []
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        if isinstance(call.func, ast.Name) and call.func.id in STATEFUL:
            found.append(STATEFUL[call.func.id])
        if isinstance(call.func, ast.Attribute) and call.func.attr == "register_buffer":
            named = [each.value for each in call.args[:1] if isinstance(each, ast.Constant)]
            found += [name for name in named if isinstance(name, str)]
    return tuple(dict.fromkeys(found))


@cache
def built_in() -> dict[str, Path]:
    """Name to file, of the methods in this package."""
    folder = Path(str(resources.files("selftaught"))) / "methods"
    return {path.stem: path for path in sorted(folder.glob("*/[!_]*.py"))}


def names() -> list[str]:
    """All methods: the package's own, then those that other packages add."""
    return [
        *built_in(),
        *sorted({e.name for e in metadata.entry_points(group=GROUP)} - {*built_in()}),
    ]


@cache
def entry(name: str) -> Entry:
    """What the method's file says.

    Raises:
        Refusal: no such method; the sentence names the nearest one.
    """
    if name in built_in():
        path = built_in()[name]
        family = path.parent.name
        return _read(path, f"selftaught.methods.{family}.{name}", family)
    for point in metadata.entry_points(group=GROUP, name=name):
        try:
            spec = util.find_spec(point.module)
        except ModuleNotFoundError:
            spec = None
        package = point.dist.name if point.dist else "others"
        if spec is None or spec.origin is None:
            raise Refusal(
                f"The package {package} says that its method {name} is {point.module}, which is not "
                "there; install that package again."
            )
        return _read(Path(spec.origin), point.module, package)
    raise Refusal(f"There is no method called '{name}'; {suggest(name, names())}")


# Protocols ------------------------------------------------------------------------------------

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
def _protocol_files() -> dict[str, tuple[Path, ast.Module]]:
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
    return tuple(_protocol_files())


@cache
def protocol(name: str) -> Protocol:
    """What the protocol's file says.

    Raises:
        Refusal: no such protocol; the sentence names the nearest.
    """
    if name not in protocols():
        raise Refusal(f"There is no protocol '{name}'; {suggest(name, [*protocols(), ALL])}")
    path, tree = _protocol_files()[name]
    function = _function(tree)
    assert function is not None
    constants = _constants(tree)
    meanings = _meanings(ast.get_docstring(function) or "")
    return Protocol(
        document=ast.get_docstring(tree) or path.stem,
        name=name,
        module=f"selftaught.evaluation.{name}",
        measure=_measure(tree, path),
        parameters=_parameters(function, meanings, path, constants),
        subject=len(function.args.args) > 1,
        labels=constants.get("LABELS", True),
    )


def _constants(tree: ast.Module) -> dict[str, Any]:
    """The plain values that have a name at the top of a file."""
    found = {}
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            with suppress(ValueError):
                found[line.targets[0].id] = ast.literal_eval(line.value)
    return found


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
