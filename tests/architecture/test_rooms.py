"""The plan of the house, held by tests: imports, names, recipes, and what must not be written down."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from selftaught import catalogue, config, interface

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "selftaught"
RECIPES = sorted((PACKAGE / "recipes").glob("*/*.yaml"))


def test_imports_run_one_way() -> None:
    lint = pytest.importorskip("importlinter.cli")
    ask = f"import sys; from {lint.__name__} import lint_imports_command as go; go()"
    done = subprocess.run(
        [sys.executable, "-c", ask, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_no_room_is_a_lumber_room() -> None:
    forbidden = {"utils", "util", "helpers", "helper", "common", "misc", "core", "tools"}
    found = {path for path in PACKAGE.rglob("*") if path.stem in forbidden}
    assert found == set()


def test_leaves_import_nothing_of_ours() -> None:
    for name in ("types", "errors", "batch", "keys", "measures", "schedules", "distributed"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("selftaught"), name


def test_each_family_is_introduced_by_a_docstring_and_nothing_else() -> None:
    for path in (PACKAGE / "methods").glob("*/__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, path


def test_every_public_function_says_what_it_does() -> None:
    tree = ast.parse(Path(str(interface.__file__)).read_text(encoding="utf-8"))
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert {"train", "compare", "evaluate", "load", "embed", "report"} <= {f.name for f in public}
    for function in public:
        assert ast.get_docstring(function), function.name
    for function in public:
        if any(isinstance(node, ast.Raise) for node in ast.walk(function)):
            assert "Raises:" in (ast.get_docstring(function) or ""), function.name


def test_the_public_names_are_there() -> None:
    import selftaught

    assert dir(selftaught) == selftaught.__all__
    for name in selftaught.__all__:
        assert callable(getattr(selftaught, name))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = selftaught.trian
    assert (PACKAGE / "py.typed").is_file()


def test_the_three_methods_have_recipes_for_every_kind_of_data() -> None:
    for data in ("shapes", "cifar10", "stl10", "imagenet"):
        for name in ("simclr", "byol", "vicreg"):
            assert (PACKAGE / "recipes" / data / f"{name}.yaml").is_file(), (data, name)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_recipe_is_a_valid_run(path: Path) -> None:
    data = "./pictures" if path.parent.name == "folder" else path.parent.name
    methods = catalogue.names() if path.stem == config.EVERY else [path.stem]
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content
    for name in methods:
        run = config.resolve(name, {"data": data})
        assert run.data.name == data


def tracked() -> list[Path]:
    """The files of the repository, or of the source tree where there is no git."""
    ask = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        return [*PACKAGE.rglob("*"), *(ROOT / "tests").rglob("*.py")]


def test_no_file_names_the_place_where_it_was_written() -> None:
    traces = (b"/wo" + b"rk/", b"/ro" + b"ot/")
    for path in tracked():
        if path.is_file() and b"\0" not in path.read_bytes()[:1000]:
            text = path.read_bytes()
            assert not any(trace in text for trace in traces), path


# Our own views, encoders and pictures need no vision library --------------------------------------

BLOCKED = """
import sys
sys.modules["torchvision"] = sys.modules["timm"] = None
from selftaught.cli import main
main()
"""


@pytest.mark.parametrize("data", ["shapes", "folder"])
def test_training_works_without_torchvision_and_timm(
    data: str, labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    overrides = [f"{key}={value}" for key, value in quick.items()] + ["projector=16,8"]
    given = ["--data", str(labelled)] if data == "folder" else ["data.take=120"]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "train", "simclr", *overrides, *given, "--out", "run"],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "encoder.safetensors").is_file()


def test_no_module_imports_a_vision_library_at_its_top() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not any(name.split(".")[0] in ("torchvision", "timm") for name in names), path


def test_no_two_test_files_share_a_name() -> None:
    """pytest imports them by their basenames: of two that are alike, one is not run."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


SLOW = (
    "torch._dynamo",
    "torch._inductor",
    "torch.onnx",
    "sympy",
    "scipy",
    "sklearn",
    "timm",
    "torchvision",
)


def test_no_method_brings_what_a_first_step_does_not_need() -> None:
    """torch's compiler alone takes longer to import than all else together."""
    ask = f"""
import sys
import torch
from selftaught import catalogue, interface, training
from selftaught.training import optimisers
for name in catalogue.built_in():
    catalogue.entry(name).load()
weight = torch.nn.Parameter(torch.ones(2, 2))
kinds = (optimisers.EagerSGD, dict(fused=True)), (optimisers.EagerAdamW, {{}}), (optimisers.LARS, {{}})
for kind, form in kinds:
    optimiser = kind([weight], lr=0.1, **form)
    weight.square().sum().backward()
    optimiser.step()
    optimiser.zero_grad()
    optimiser.load_state_dict(optimiser.state_dict())
print([name for name in {SLOW} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
