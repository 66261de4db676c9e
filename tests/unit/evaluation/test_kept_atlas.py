"""What stands on the maps: a picture, its features and its label, also where a file cannot be read."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from selftaught.comparison import atlas as pictures
from selftaught.data import Splits
from selftaught.data.files import Files, Kind
from selftaught.data.streamed import Streamed
from selftaught.evaluation import atlas
from selftaught.reports.contestants import Atlas
from selftaught.reports.folder import _read_places, read_atlas

COUNT, BAD = 1500, 700


@pytest.fixture
def source(tmp_path: Path) -> Streamed:
    """Each picture has a grey of its own; one cannot be read, every tenth has no label."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row in range(COUNT):
        Image.new("RGB", (8, 8), (row % 250, row // 250 * 40, 0)).save(folder / f"{row}.png")
    (folder / f"{BAD}.png").write_bytes(b"")
    files = Files(str(folder), tuple(f"{row}.png" for row in range(COUNT)), Kind(3, 255))
    labels = torch.where(torch.arange(COUNT) % 10 == 0, -1, torch.arange(COUNT) % 7)
    sizes = torch.tensor([[8, 8]]).expand(COUNT, -1)
    return Streamed(files, sizes, Kind(3, 255), labels=labels)


def test_an_unreadable_file_takes_none_but_itself_off_the_maps(
    tmp_path: Path, source: Streamed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atlas, "PICTURES", COUNT - COUNT // 10)  # so that the bad one is among them
    source.labels[BAD] = 3
    splits = Splits(
        name="grey",
        train=source,
        validation=source,
        test=source,
        classes=tuple("abcdefg"),
        size=8,
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
    )
    pictures.write(tmp_path, splits, "test")
    found = read_atlas(tmp_path / "atlas")
    assert found is not None
    assert BAD in atlas.chosen(source).tolist()
    assert found.index.tolist() == [row for row in atlas.chosen(source).tolist() if row != BAD]
    assert (found.labels == source.labels[found.index].numpy()).all()
    shown = np.asarray(Image.open(tmp_path / "atlas" / "pictures.webp").convert("RGB"))
    place = len(found.index) - 1
    at = shown[place // found.columns * found.tile + 4, place % found.columns * found.tile + 4]
    row = int(found.index[-1])
    assert np.abs(at.astype(int) - (row % 250, row // 250 * 40, 0)).max() < 12

    # A run reads all that can be read, in its own way.
    read = torch.tensor([r for r in range(COUNT) if r != BAD and source.labels[r] >= 0])
    read = read[torch.randperm(len(read), generator=torch.Generator().manual_seed(0))]
    features = torch.stack([read % 250, read // 250], 1).float()
    atlas.keep(tmp_path, "test", source, read, features, source.labels[read], read % 5)
    there, said = _read_places(tmp_path / "atlas.npz", found)
    assert there is not None
    assert said is not None
    assert (there[:, 0] + 250 * there[:, 1] == found.index).all()
    assert (said == found.index % 5).all()


def test_a_thousand_stand_there_whichever_were_read(tmp_path: Path, source: Streamed) -> None:
    every = torch.arange(COUNT)
    few = every[every != int(atlas.chosen(source)[3])]
    for rows in (every, few):
        atlas.keep(tmp_path, "test", source, rows, rows[:, None].float(), rows, None)
        kept = atlas.read(tmp_path)["index"].tolist()
        assert kept == [row for row in atlas.chosen(source).tolist() if row in set(rows.tolist())]
    assert len(kept) == atlas.PICTURES - 1


def test_features_of_other_pictures_are_not_placed(tmp_path: Path, source: Streamed) -> None:
    rows = torch.arange(20)
    sheet = Atlas(b"", 8, 1, np.arange(21), np.zeros(21, np.int64), ["a"])
    atlas.keep(tmp_path, "test", source, rows, rows[:, None].float(), rows, None)
    assert _read_places(tmp_path / "atlas.npz", sheet) == (None, None)


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    assert atlas.read(tmp_path) == {}
    (tmp_path / atlas.FILE).write_bytes(b"PK\x03\x04 half a file")
    assert atlas.read(tmp_path) == {}
