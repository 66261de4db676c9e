"""Maps are drawn once: again only for other features, other settings, or a file that cannot be read."""

import json
from pathlib import Path

import numpy as np
import pytest
from example import write_example

from selftaught.reports import kept_maps, maps
from selftaught.reports.folder import read_comparison
from selftaught.reports.page import render, write_report


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_example(tmp_path, seeds=2, count=30)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each drawing had."""
    calls: list[int] = []

    def draw(features: np.ndarray) -> maps.FeatureMap | None:
        calls.append(len(features))
        return maps.principal_components(features)

    monkeypatch.setattr(maps, "neighbour_embedding", draw)  # t-SNE takes longer
    return calls


def kept(directory: Path) -> list[Path]:
    return sorted(directory.rglob(kept_maps.FILE))


def test_a_second_page_draws_nothing_and_is_the_same(directory: Path, drawn: list[int]) -> None:
    first = write_report(directory).read_text(encoding="utf-8")
    contestants = len(read_comparison(directory).contestants)
    assert drawn == [30] * contestants
    assert len(kept(directory)) == contestants, "of the first seed, which is shown, alone"
    drawn.clear()
    assert write_report(directory).read_text(encoding="utf-8") == first
    assert drawn == []


def test_other_features_are_drawn(directory: Path, drawn: list[int]) -> None:
    write_report(directory)
    path = kept(directory)[0]
    before = json.loads(path.read_text())
    drawn.clear()
    with np.load(path.with_name("atlas.npz")) as archive:
        arrays = dict(archive)
    arrays["features"] = arrays["features"][::-1]
    np.savez(path.with_name("atlas.npz"), **arrays)
    write_report(directory)
    assert drawn == [30]
    after = json.loads(path.read_text())
    assert after["of"] != before["of"]
    assert after["pca"] != before["pca"]


def test_another_way_of_drawing_is_drawn(
    directory: Path, drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(directory)
    drawn.clear()
    other = kept_maps.Settings(drawing=maps.DRAWING + 1)
    monkeypatch.setattr(kept_maps, "Settings", lambda: other)
    write_report(directory)
    assert drawn == [30] * len(kept(directory))


SPOILT = {
    "empty": lambda kept: "",
    "half": lambda kept: json.dumps(kept)[:200],
    "a list": lambda kept: "[]",
    "fewer places": lambda kept: json.dumps(kept | {"tsne": kept["tsne"][:16]}),
    "no letters of base64": lambda kept: json.dumps(kept | {"pca": "</script>"}),
    "a number": lambda kept: json.dumps(kept | {"pca": 3}),
    "no share": lambda kept: json.dumps({"of": kept["of"]}),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_file_is_drawn_anew_without_a_word(
    how: str, directory: Path, drawn: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_report(directory).read_text(encoding="utf-8")
    path = kept(directory)[0]
    whole = path.read_text(encoding="utf-8")
    path.write_text(SPOILT[how](json.loads(whole)), encoding="utf-8")
    drawn.clear()
    assert write_report(directory).read_text(encoding="utf-8") == first
    assert drawn == [30]
    assert path.read_text(encoding="utf-8") == whole
    assert capsys.readouterr() == ("", "")


def test_a_page_that_is_served_writes_nothing_and_reads_what_is_there(
    directory: Path, drawn: list[int]
) -> None:
    page = render(read_comparison(directory))
    assert drawn
    assert kept(directory) == []
    assert write_report(directory).read_text(encoding="utf-8") == page
    drawn.clear()
    assert render(read_comparison(directory)) == page
    assert drawn == []
