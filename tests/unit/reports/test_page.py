"""The page as text: whole, with parts missing, with hostile names, without torch."""

import base64
import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example import CLASSES, write_example

from selftaught.errors import Refusal
from selftaught.reports import maps
from selftaught.reports.contestants import GREYS, INKS, Contestant, marked
from selftaught.reports.maps import principal_components
from selftaught.reports.page import write_report
from selftaught.reports.pictures import sprite
from selftaught.reports.sections.section import REPORTS

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
    assert "One seed: the values are those of these runs." in reader.text
    assert "What is missing" not in reader.text
    assert len(reader.ids) == len(set(reader.ids))
    anchors = ["overview", "results", "learning", "map", "neighbours", "confused", "spectrum"]
    assert sections(html) == [*anchors, "views", "cost", "again"]
    # Two online curves, five contestants' losses, the spectrum, two costs.
    assert html.count('<svg viewBox="0 0 400') == 2 + 1 + 2
    assert html.count('<svg viewBox="0 0 330') == 5
    assert part(html, "views").count("<img") == 1  # all were shown the same
    assert part(html, "neighbours").count("<article>") == 12


def sections(html: str) -> list[str]:
    return re.findall(r'<section id="(\w+)">', html)


def part(html: str, anchor: str) -> str:
    return html.partition(f'<section id="{anchor}">')[2].partition("</section>")[0]


def test_the_map_holds_every_picture(whole: tuple[str, Reader]) -> None:
    data = embedded(whole[0])["map"]
    assert len(unpacked(data["labels"])) == 60
    by_name = {each["name"]: each for each in data["maps"]}
    assert by_name["BYOL momentum=0,0"]["pca"] is None
    for key in ("pca", "tsne"):
        places = unpacked(by_name["VICReg"][key])
        assert len(places) == 120
        assert np.abs(places).max() == 32767
    assert len(unpacked(by_name["VICReg"]["near"])) == 300


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<i2")


def test_a_section_for_each_protocol_that_draws(tmp_path: Path) -> None:
    html, reader = read(write_example(tmp_path, seeds=3, count=60, suite=True))
    wanted = ["fewshot", "robustness", "further", "blind", "similarity"]
    assert set(wanted) <= set(sections(html))
    assert "labels a class" in part(html, "fewshot")
    assert 'class="band"' in part(html, "fewshot")
    robust = part(html, "robustness")
    assert (
        robust.count("<figure") == (1 + 5) + 2 + 1
    )  # the corruptions with their mean, attacks, labels
    for words in ("mean of 5", "gaussian noise", "Attacks", "False labels"):
        assert words in robust
    assert "reliability" in part(html, "further") or "confidence" in part(html, "further")
    assert "blindest to" in part(html, "blind")
    table = part(html, "fairness")
    assert table.count("<b>") == 8  # each contestant's worst class
    assert re.findall(r'class="number">(\w+)<', table)[:10] == CLASSES
    assert re.search(r"<b>\w+ \(\+\d+\)</b>", part(html, "blind"))
    assert part(html, "similarity").count(">0.40<") == 8 * 7
    assert "rank me" in part(html, "spectrum")
    assert len(reader.ids) == len(set(reader.ids))


def test_each_contestant_has_one_colour_and_form_in_every_section(tmp_path: Path) -> None:
    html, _ = read(write_example(tmp_path, count=60, suite=True))
    inks: dict[str, set[str]] = {}
    pattern = r'style="--ink: var\((--[\w-]+)\)" data-place="(\d+)"'
    for ink, place in re.findall(pattern, html):
        inks.setdefault(place, set()).add(ink)
    assert len(inks) == 8
    assert all(len(own) == 1 for own in inks.values())
    assert len(set.union(*inks.values())) == 8


def test_no_two_of_many_contestants_look_alike() -> None:
    methods = [Contestant(f"m{i}", "", [], {}) for i in range(24)]
    baselines = [Contestant(f"b{i}", "baselines", [], {}) for i in range(9)]
    found = marked([*baselines, *methods])
    assert len({(each.ink, each.shape) for each in found}) == 33
    assert [each.place for each in found] == list(range(33))
    assert not any(each.baseline for each in found[:24])


def with_differences(
    directory: Path, linear: dict[str, list[float]], doubtful: list[set[str]]
) -> None:
    """Other accuracies, and pairs that the comparison found to differ, but for the doubtful ones."""
    facts = json.loads((directory / "comparison.json").read_text())
    for row in facts["rows"]:
        if row["contestant"] in linear:
            row["results"]["linear"]["accuracy"] = linear[row["contestant"]][row["seed"]]
    means: dict[str, float] = {}
    for row in facts["rows"]:
        means[row["contestant"]] = (
            means.get(row["contestant"], 0) + row["results"]["linear"]["accuracy"] / 3
        )
    facts["differences"] = [
        {"protocol": "linear", "ours": one, "theirs": other, "gap": means[one] - means[other]}
        | {"p_corrected": 0.6 if {one, other} in doubtful else 0.001}
        for one, other in itertools.combinations(means, 2)
    ]
    change(directory, **facts)


def test_places_stand_in_the_overview_and_ties_share_them(tmp_path: Path) -> None:
    directory = write_example(tmp_path, seeds=3, count=60)
    linear = {"simclr": [0.60, 0.66, 0.63], "byol": [0.61, 0.58, 0.65], "vicreg": [0.3, 0.31, 0.32]}
    with_differences(directory, linear, [{"simclr", "byol"}])
    html, _ = read(directory)
    ranks = re.findall(r'class="rank" role="cell">([\d–]*)<', html)[:8]
    assert ranks == ["", "1–2", "1–2", "", "", "3", "", "4"]


@pytest.mark.parametrize(
    ("doubtful", "sentence"),
    [
        (
            [{"byol", "simclr"}],
            "By the linear probe, BYOL (80.5%) is better than VICReg (66.6%) and BYOL momentum=0,0 (12.0%), "
            "and cannot be told apart from SimCLR (64.4%, seeds from 57.7% to 69.5%).",
        ),
        (
            [{"byol", "untrained"}],
            "By the linear probe, BYOL (80.5%) is better than VICReg (66.6%), SimCLR (64.4%) and "
            "BYOL momentum=0,0 (12.0%). Not told apart from BYOL among the baselines: Untrained (22.4%).",
        ),
        (
            [{"byol", "vicreg"}],
            "By the linear probe, BYOL (80.5%) is better than SimCLR (64.4%) and BYOL momentum=0,0 (12.0%), "
            "and cannot be told apart from VICReg (66.6%).",
        ),
        (
            [],
            "By the linear probe, BYOL (80.5%) is better than VICReg (66.6%), SimCLR (64.4%) and "
            "BYOL momentum=0,0 (12.0%).",
        ),
        (
            [{"byol", other} for other in ("vicreg", "simclr", "byol:momentum=0,0")],
            "By the linear probe, BYOL (80.5%) has the highest mean, and cannot be told apart from "
            "VICReg (66.6%), SimCLR (64.4%) and BYOL momentum=0,0 (12.0%).",
        ),
        (
            [
                set(pair)
                for pair in itertools.combinations(
                    ("byol", "vicreg", "simclr", "byol:momentum=0,0"), 2
                )
            ],
            "By the linear probe, BYOL (80.5%), VICReg (66.6%), SimCLR (64.4%) and BYOL momentum=0,0 (12.0%) "
            "cannot be told apart on these seeds.",
        ),
    ],
)
def test_the_first_sentence_speaks_of_pairs(
    tmp_path: Path, doubtful: list[set[str]], sentence: str
) -> None:
    directory = write_example(tmp_path, seeds=3, count=60)
    linear = {
        "byol": [0.805, 0.818, 0.792],
        "vicreg": [0.660, 0.645, 0.693],
        "simclr": [0.577, 0.660, 0.695],
        "byol:momentum=0,0": [0.120, 0.120, 0.120],
    }
    with_differences(directory, linear, doubtful)
    _, reader = read(directory)
    said = next(line for line in reader.text.splitlines() if "By the linear probe" in line)
    assert said.replace("\u00a0", " ").strip() == sentence


def test_a_large_comparison_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """10,000 test pictures of noise, which nothing can compress, and eight contestants."""
    directory = write_example(tmp_path, seeds=1, count=60, suite=True)
    rng = np.random.default_rng(0)
    count, tile = 10_000, 32
    sheet, columns = sprite(rng.integers(0, 256, (count, tile, tile, 3), dtype=np.uint8), tile)
    (directory / "atlas/pictures.webp").write_bytes(sheet)
    labels = rng.integers(0, 10, count)
    described = {"tile": tile, "columns": columns, "labels": labels.tolist(), "classes": CLASSES}
    described["index"] = list(range(count))
    (directory / "atlas/pictures.json").write_text(json.dumps(described))
    for path in directory.rglob("atlas.npz"):
        features = rng.normal(size=(count, 8)).astype(np.float16)
        np.savez(
            path,
            features=features,
            index=np.arange(count),
            predictions=rng.integers(0, 10, count),
        )
    # t-SNE takes minutes for so many, and its size is that of any other map.
    monkeypatch.setattr(maps, "neighbour_embedding", principal_components)
    path = write_report(directory)
    assert path.stat().st_size < 5_000_000
    assert len(unpacked(embedded(path.read_text())["map"]["labels"])) == 2000


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
    assert "All three methods stayed above random patches" in reader.text


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
    assert sections(html) == ["overview", "results", "cost", "again"]
    assert "73.8" in reader.text
    assert "SimCLR, seed 0: metrics.jsonl, run.yaml, views.webp" in reader.text
    assert embedded(html) == {}


def test_damaged_parts_are_named_as_missing(tmp_path: Path) -> None:
    directory = write_example(tmp_path, count=30)
    (directory / "simclr/seed-0/atlas.npz").write_bytes(b"PK\x03\x04 half a file")
    features = np.ones((7, 3), np.float16)
    np.savez(directory / "vicreg/seed-0/atlas.npz", features=features, index=np.arange(7))
    (directory / "vicreg/seed-0/environment.json").write_text("{")
    _, reader = read(directory)
    assert "SimCLR, seed 0: atlas.npz" in reader.text
    assert "VICReg, seed 0: environment.json, atlas.npz" in reader.text


def test_no_contestant_at_all(tmp_path: Path) -> None:
    directory = write_example(tmp_path, count=30)
    change(directory, rows=[], summary=[], claims=[], data={}, machine={})
    html, _ = read(directory)
    assert sections(html) == ["again"]


def test_without_labels_nothing_is_ranked(tmp_path: Path) -> None:
    directory = write_example(tmp_path, seeds=3, count=30)
    facts = json.loads((directory / "comparison.json").read_text())
    for row in facts["rows"]:
        row["results"] = {"spectrum": {"measure": "rankme", "rankme": 30.5}}
    change(directory, **facts | {"split": "validation", "claims": []})
    html, reader = read(directory)
    assert "looked at without labels: nothing is ranked" in reader.text
    assert "overview" not in sections(html)
    assert 'class="rank"' not in html
    assert "1 min 24 s" in part(html, "cost")
    assert "30.5" in part(html, "results")


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
    assert embedded(html)["map"]["classes"] == classes


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


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_ink_can_be_read_on_the_paper_in_light_and_dark() -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 for text, and names are written in their inks."""
    css = (REPORTS / "style/base.css").read_text()
    blocks = re.findall(r"\{[^{}]*--paper: #[^{}]*\}", css)
    assert len(blocks) == 3
    for block in blocks:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        inks = [name for name in colours if name.startswith(("ink-", "grey-"))]
        assert len(inks) == INKS + GREYS
        paper = _luminance(colours["paper"])
        for name in (*inks, "text", "quiet", "warn"):
            low, high = sorted((_luminance(colours[name]), paper))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, colours[name])
