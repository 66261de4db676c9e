"""The page as text: whole, with parts missing, with hostile names, without torch."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example import write_example

from selftaught.errors import Refusal
from selftaught.reports.page import write_report

VOID = {"meta", "link", "img", "br", "input", "hr"}


class Reader(HTMLParser):
    """Collects text, and fails on elements closed in another order than opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.sources: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                self.sources.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def read(directory: Path) -> tuple[str, Reader]:
    path = write_report(directory)
    assert path == directory / "report.html"
    html = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return html, reader


def change(directory: Path, **facts: Any) -> None:
    path = directory / "comparison.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def embedded(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Reader]:
    return read(write_example(tmp_path_factory.mktemp("whole"), count=60))


def test_every_contestant_and_figure_is_there(whole: tuple[str, Reader]) -> None:
    html, reader = whole
    for words in ("SimCLR", "momentum=0,0", "Raw pixels", "Random patches", "sees labels", "73.8"):
        assert words in reader.text
    assert "k = 20, T = 0.1" in reader.text
    assert "L2 = 0.001" in reader.text
    assert "Collapsed: after step 300" in reader.text
    assert "One seed: the values below are those of these runs." in reader.text
    assert html.count("<svg") == 1 + 2 + 2 + 5 + 1
    assert html.count('alt="Pictures and the views') == 4
    assert html.count("<article>") == 12
    assert "What is missing" not in reader.text
    assert len(reader.ids) == len(set(reader.ids))


def test_the_map_holds_every_picture(whole: tuple[str, Reader]) -> None:
    data = embedded(whole[0])
    assert len(data["labels"]) == 60
    by_name = {each["name"]: each for each in data["maps"]}
    assert by_name["BYOL momentum=0,0"]["pca"] is None
    for key in ("pca", "tsne"):
        assert len(by_name["VICReg"][key]) == 120
        assert max(map(abs, by_name["VICReg"][key])) == 1000
    assert len(by_name["VICReg"]["near"]) == 300


def test_nothing_is_asked_of_the_network(whole: tuple[str, Reader]) -> None:
    html, reader = whole
    assert all(source.startswith(("data:", "#")) for source in reader.sources)
    assert not re.search(r"https?://|//cdn|@import|fetch\(|XMLHttpRequest", html)
    assert "default-src 'none'" in html


def test_three_seeds_show_each_value_and_the_interval(tmp_path: Path) -> None:
    _, reader = read(write_example(tmp_path, seeds=3, count=30))
    assert "One seed" not in reader.text
    assert "95 % interval" in reader.text
    assert "73.8 · 73.8 · 75.0" in reader.text


def test_a_failed_contestant_says_why(tmp_path: Path) -> None:
    _, reader = read(write_example(tmp_path, count=30, failed="byol"))
    assert "The loss became NaN at step 12 (term 'regression'); try a smaller rate." in reader.text
    assert "BYOL, seed 0: metrics.jsonl, run.yaml, views.webp, atlas.npz" in reader.text


def test_every_part_may_be_missing(tmp_path: Path) -> None:
    directory = write_example(tmp_path, count=30)
    for path in directory.rglob("*"):
        if path.is_file() and path.name != "comparison.json":
            path.unlink()
    html, reader = read(directory)
    for words in ("No run left a curve", "No run left a sheet", "there is no map", "73.8"):
        assert words in reader.text
    assert embedded(html) == {}


def test_damaged_parts_are_named_as_missing(tmp_path: Path) -> None:
    directory = write_example(tmp_path, count=30)
    (directory / "simclr/seed-0/atlas.npz").write_bytes(b"PK\x03\x04 half a file")
    np.savez(directory / "vicreg/seed-0/atlas.npz", features=np.ones((7, 3), np.float16))
    (directory / "vicreg/seed-0/environment.json").write_text("{")
    _, reader = read(directory)
    assert "SimCLR, seed 0: atlas.npz" in reader.text
    assert "VICReg, seed 0: environment.json, atlas.npz" in reader.text


def test_no_contestant_at_all(tmp_path: Path) -> None:
    directory = write_example(tmp_path, count=30)
    change(directory, rows=[], summary=[], claims=[], data={}, machine={})
    _, reader = read(directory)
    assert "No contestant has a result yet." in reader.text


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=\"alert('1')\">&amp;"
    classes = [evil, "b", "c"]
    directory = write_example(tmp_path, count=30, classes=classes)
    facts = json.loads((directory / "comparison.json").read_text())
    for line in [*facts["rows"], *facts["summary"]]:
        if line["contestant"] == "simclr":
            line |= {"contestant": evil, "verdict_text": evil, "error": evil, "verdict": evil}
    data = facts["data"] | {"name": evil}
    machine = {"cpu": evil}
    change(
        directory, **facts | {"command": evil, "claims": [evil], "data": data, "machine": machine}
    )
    (directory / "simclr/seed-0/run.yaml").write_text(evil)
    html, reader = read(directory)
    assert "<img src=x" not in html
    assert html.count("</script>") == 3
    assert reader.text.count(evil) >= 8
    assert embedded(html)["classes"] == classes


def test_an_old_page_outlives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = write_example(tmp_path, count=30)
    write_report(directory)
    before = (directory / "report.html").read_text()

    def full(*_: Any, **__: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_report(directory)
    monkeypatch.undo()
    assert (directory / "report.html").read_text() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "holds no comparison.json"),
        ("{", "cannot be read"),
        ("[]", "has no list of rows"),
        ('{"rows": [], "schema_version": 9}', "schema_version 9"),
    ],
)
def test_a_folder_that_is_no_comparison(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "comparison.json").write_text(content)
    with pytest.raises(Refusal, match=words):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_it_renders_where_torch_cannot_be_imported(tmp_path: Path) -> None:
    directory = write_example(tmp_path, contestants=["simclr", "pixels"], count=30)
    program = (
        "import sys, pathlib\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name not in ('torch', 'torchvision', 'timm'), name\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "from selftaught.reports.page import write_report\n"
        "from selftaught.reports.tables import comparison_table\n"
        "from selftaught.reports.pictures import sprite\n"
        "write_report(pathlib.Path(sys.argv[1]))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(directory)], check=True)
    assert (directory / "report.html").stat().st_size > 50_000


def test_a_heading_names_a_few_methods_and_counts_many(tmp_path: Path) -> None:
    write_example(tmp_path, seeds=1, count=60)
    file = tmp_path / "comparison.json"
    comparison = json.loads(file.read_text())
    assert "<h1>SimCLR, BYOL and VICReg on" in write_report(tmp_path).read_text()
    row = next(row for row in comparison["rows"] if row["method"] == "simclr")
    names = ("dcl", "supcon", "spectral")
    comparison["rows"] += [{**row, "contestant": name, "method": name} for name in names]
    file.write_text(json.dumps(comparison))
    assert "<h1>6 methods on" in write_report(tmp_path).read_text()
