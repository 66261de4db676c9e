"""Methods: the files ``methods/*/NAME.py``, and those that other packages add."""

import ast
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata, resources, util
from pathlib import Path
from typing import Any

from selftaught.catalogue.described import Described, Parameter, meanings_of, parameters_of
from selftaught.errors import Refusal, suggest

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


def read(path: Path, module: str, family: str) -> Entry:
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
            parameters = parameters_of(function, meanings_of(ast.get_docstring(node) or ""), path)
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
        return read(path, f"selftaught.methods.{family}.{name}", family)
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
        return read(Path(spec.origin), point.module, package)
    raise Refusal(f"There is no method called '{name}'; {suggest(name, names())}")
