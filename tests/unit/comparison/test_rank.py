"""From pictures without labels to a ranking by a few: the sheet, the file somebody fills in, the page."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from selftaught import config, interface
from selftaught.comparison import compare, plan
from selftaught.comparison.few_labels import sheet as sheets
from selftaught.data import open_splits
from selftaught.errors import Refusal
from selftaught.reports.sheet import read_sheet

CONTESTANTS = ("simclr:projector=16,8", "pixels")


def compared(folder: Path, quick: dict[str, Any], out: Path, *contestants: str, **more: Any) -> Any:
    overrides = {**quick, "data": str(folder)}
    return compare(plan(contestants, out=out, overrides=overrides, baselines=(), **more))


@pytest.fixture(scope="module")
def there(
    unlabelled: Path, quick: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("rank") / "out"
    compared(unlabelled, quick, out, *CONTESTANTS, to_label=50)
    return out


def fill(out: Path, path: Path, leave: int = 5) -> Path:
    """Label the sheet: the file's name begins with its class; the last are left empty."""
    with (out / "to-label.csv").open(newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head == ["file", "label"]
    given = [[name, name.split("-")[0]] for name, _ in rows[:-leave]] + rows[-leave:]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *given])
    return path


def test_a_sheet_is_drawn_with_chances_that_are_written_down(there: Path, unlabelled: Path) -> None:
    sheet = read_sheet(there)
    assert sheet is not None
    assert len(set(sheet.files)) == len(sheet.files) == 50
    assert all((unlabelled / file).is_file() for file in sheet.files)
    assert sheet.facts["pool"] == {"pictures": 80, "of": 80, "parts": ["validation", "train"]}
    assert sheet.facts["drawn_for"] == list(CONTESTANTS)
    assert all(0.5 * 50 / 80 <= chance <= 1 for chance in sheet.chances)
    page = (there / "report.html").read_text(encoding="utf-8")
    assert "Label these pictures" in page
    assert "Ranked by few labels" not in page


def test_filled_in_it_ranks_and_goes_on_ranking_when_a_contestant_comes_along(
    there: Path, unlabelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    said: list[str] = []
    found = interface.rank(there, fill(there, tmp_path / "labels.csv"), say=said.append)
    assert (found["pictures"], found["classes"]) == (45, ["across", "down"])
    assert any(note.startswith("5 of 50 pictures have no label") for note in said)
    assert [line["contestant"] for line in found["summary"]] == list(CONTESTANTS)
    for line in found["summary"]:
        low, high = line["results"]["linear"]["interval"]
        assert low <= line["results"]["linear"]["mean"] <= high
    kept = json.loads((there / "comparison.json").read_text())
    assert kept["few_labels"] == found
    assert "Ranked by few labels" in (there / "report.html").read_text(encoding="utf-8")

    sheet = read_sheet(there)
    again = compared(unlabelled, quick, there, *CONTESTANTS, "untrained", to_label=50)
    assert read_sheet(there) == sheet  # somebody may be at work on it
    names = [line["contestant"] for line in again["few_labels"]["summary"]]
    assert names == [*CONTESTANTS, "untrained"]
    assert again["few_labels"]["summary"][0] == found["summary"][0] | {"ranks": {}}


def test_an_empty_sheet_and_a_labelled_comparison_are_refused(
    there: Path, labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match="has 0 labels, and under 20"):
        interface.rank(there)
    compared(labelled, quick, tmp_path / "out", "pixels", protocols=["knn"], split="validation")
    assert not (tmp_path / "out" / "to-label.csv").exists()
    with pytest.raises(Refusal, match="pictures that have labels, and ranks by those"):
        interface.rank(tmp_path / "out", fill(there, tmp_path / "labels.csv"))


def test_a_sheet_of_another_size_moves_what_was_written_aside(
    unlabelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    compared(unlabelled, quick, out, "pixels", to_label=50)
    fill(out, out / "to-label.csv")
    written = (out / "to-label.csv").read_bytes()
    compared(unlabelled, quick, out, "pixels", to_label=60)
    assert (out / "to-label.csv").read_bytes().count(b"\n") == 61
    (aside,) = out.glob("to-label.csv-*")
    assert aside.read_bytes() == written


def test_pictures_that_have_gone_are_named(there: Path, tmp_path: Path) -> None:
    labels = fill(there, tmp_path / "labels.csv")
    described = json.loads((there / "to-label.json").read_text())
    before = json.dumps(described)
    described |= {"folder": str(tmp_path), "data": str(tmp_path)}
    (there / "to-label.json").write_text(json.dumps(described))
    with pytest.raises(Refusal, match="is no longer in"):
        interface.rank(there, labels)
    (there / "to-label.json").write_text(before)


@pytest.fixture(scope="module")
def bursts(unlabelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV that puts five pictures each into one group; four are in none."""
    path = tmp_path_factory.mktemp("rank") / "bursts.csv"
    names = sorted(file.name for file in unlabelled.iterdir())
    lines = [f"{name},burst {number // 5}" for number, name in enumerate(names[:-4])]
    path.write_text("\n".join(["file,group", *lines]))
    return path


def test_groups_are_written_down_and_left_out_whole(
    unlabelled: Path, bursts: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    compared(unlabelled, quick | {"data.labels": str(bursts)}, out, "pixels", to_label=50)
    sheet = read_sheet(out)
    assert sheet is not None
    with bursts.open(newline="") as file:
        burst = {row["file"]: row["group"] for row in csv.DictReader(file)}
    pairs = [(burst.get(f, f), group) for f, group in zip(sheet.files, sheet.groups, strict=True)]
    assert len(set(pairs)) == len(set(sheet.groups)) == len({name for name, _ in pairs}) < 50
    found = interface.rank(out, fill(out, tmp_path / "labels.csv", leave=5))
    assert found["groups"] == (count := len(set(sheet.groups[:45])))
    assert f"a bootstrap over {count} groups" in found["sentences"][-1]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Each was judged by those of other groups" in page

    described = json.loads((out / "to-label.json").read_text())
    for each in described["pictures"]:
        each["group"] = 7
    (out / "to-label.json").write_text(json.dumps(described))
    with pytest.raises(Refusal, match=r"all 45 pictures .* are of one group"):
        interface.rank(out, tmp_path / "labels.csv")
    for each in described["pictures"]:
        del each["group"]  # as sheets were written that knew of none
    (out / "to-label.json").write_text(json.dumps(described))
    older = interface.rank(out, tmp_path / "labels.csv")
    assert older["groups"] == 45
    assert older["sentences"][-1].startswith("Intervals hold 95 %, by a bootstrap over labelled")


def test_few_groups_held_back_are_joined_by_those_trained_on(
    unlabelled: Path, bursts: Path
) -> None:
    def parts(**more: Any) -> list[str]:
        data = config.Data(name=str(unlabelled), validation=0.3, **more)
        return sheets.pool(open_splits(data), 20)[-1]

    assert parts() == ["validation"]
    assert parts(labels=str(bursts)) == ["validation", "train"]


@pytest.mark.parametrize("size", [49, 201])
def test_sheets_have_50_to_200_pictures(size: int) -> None:
    with pytest.raises(Refusal, match=f"--to-label {size} is no size for a sheet; give 50 to 200"):
        plan(["pixels"], out=Path("nowhere"), baselines=(), to_label=size)
