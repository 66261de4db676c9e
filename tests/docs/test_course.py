"""The chapters of docs/: each is run as it is printed, and its links lead somewhere."""

import inspect
import re
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from course import blocks, hold, run
from rich.console import Console

import selftaught
from selftaught import config, encoders, interface
from selftaught.reports.tables import comparison_tables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHAPTERS = sorted(DOCS.glob("[0-9]*.md"))
PAGES = sorted(DOCS.glob("*.md"))


@pytest.fixture
def place(tmp_path: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with what a reader has at hand: the repository's files, and pictures."""
    shutil.copytree(labelled, tmp_path / "pictures")
    for name in ("docs", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_block_does_what_it_shows(chapter: Path, place: Path) -> None:
    names: dict[str, Any] = {"__name__": "chapter"}
    for block in blocks(chapter.read_text(encoding="utf-8")):
        run(block, names, place)


def test_there_are_chapters_and_the_contents_name_each() -> None:
    contents = (DOCS / "README.md").read_text(encoding="utf-8")
    assert len(CHAPTERS) >= 9
    for page in PAGES:
        assert page.name == "README.md" or f"]({page.name})" in contents, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http", "#")):
            assert (DOCS / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_says_first_what_its_reader_will_be_able_to_do(chapter: Path) -> None:
    text = chapter.read_text(encoding="utf-8")
    title, promise, *_ = text.split("\n\n")
    assert title.startswith("# ") and "you can" in promise
    assert len(text.splitlines()) <= 160


def test_the_table_of_the_first_chapter_is_the_table_of_the_file() -> None:
    import json

    text = (DOCS / "1-first-comparison.md").read_text(encoding="utf-8")
    (shown,) = [
        b for b in re.findall(r"```text\n(.*?)```", text, re.DOTALL) if "Random patches" in b
    ]
    file = ROOT / "benchmarks" / "results" / "shapes-3-seeds.json"
    console = Console(width=130, file=StringIO(), highlight=False)
    for table in comparison_tables(json.loads(file.read_text(encoding="utf-8"))):
        console.print(table)
    printed: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert [line.split() for line in shown.splitlines()] == [
        line.split() for line in printed.splitlines() if line.strip()
    ]


def test_signatures_are_those_of_the_interface() -> None:
    text = (DOCS / "7-python.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^## `(\w+)\((.*)\)`$", text, flags=re.MULTILINE))
    assert set(shown) >= set(selftaught.__all__)
    for name, arguments in shown.items():
        expected = []
        for parameter in inspect.signature(getattr(interface, name)).parameters.values():
            mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(
                parameter.kind, ""
            )
            default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
            expected.append(
                "say" if parameter.name == "say" else f"{mark}{parameter.name}{default}"
            )
        given = [
            word
            for word in re.split(r",\s*(?![^()]*\))", " ".join(arguments.split()))
            if word != "*"
        ]
        assert given == expected, name


def test_the_table_of_keys_is_the_tree() -> None:
    text = (DOCS / "8-recipes-and-overrides.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `?([\w ]+?)`? \| .* \| (`.*) \|$", text, flags=re.MULTILINE))
    branches = {
        name: field.annotation.model_fields
        for name, field in config.Run.model_fields.items()
        if hasattr(field.annotation, "model_fields")
    }
    for name in ("data", "encoder", "views", "optimiser", "monitor"):
        shown = set(re.findall(r"`(\w+)`", rows[name]))
        assert shown == set(branches[name]) - ({"name"} if name == "data" else set()), name
    assert set(re.findall(r"`(\w+)`", rows["top level"])) == set(config.Run.model_fields) - set(
        branches
    )
    for encoder in encoders.names():
        assert f"`{encoder}`" in text


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("knn 1.0%\n", "linear 1.0%\n"),
        ("linear 2.0%\n", "knn 1.0%\nlinear 1.0%\n"),
        ("knn 1.0%\n", "knn 1.0%\nlinear 1.0%\n"),
        ("linear 1%\n...\nknn 1%\n", "knn 1.0%\nlinear 1.0%\n"),
    ],
)
def test_what_is_not_printed_is_noticed(shown: str, printed: str) -> None:
    with pytest.raises(AssertionError, match="printed"):
        hold(shown, printed)


def test_numbers_and_left_out_lines_are_passed_over() -> None:
    hold("...\nlinear 70.3% in 1.5 s\n...\n", "knn 1.0%\nlinear 5.25% in 12 s\nand more\n")
