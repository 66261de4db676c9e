"""The pictures that the page carries stay few and small, and stay the right ones."""

import io

import numpy as np
from PIL import Image

from selftaught.reports.atlas import MOST_BYTES, MOST_PICTURES, chosen, reduced
from selftaught.reports.contestants import Atlas, Comparison, Contestant, RunFolder
from selftaught.reports.pictures import sprite


def comparison(count: int, tile: int, pictures: np.ndarray) -> Comparison:
    sheet, columns = sprite(pictures, tile)
    labels = np.arange(count) % 7
    run = RunFolder(
        row={}, features=np.arange(count, dtype=np.float32)[:, None], predictions=labels.copy()
    )
    atlas = Atlas(sheet, tile, columns, np.arange(len(labels)), labels, list("abcdefg"))
    return Comparison({}, [Contestant("simclr", "", [run], {})], atlas)


def test_a_small_atlas_stays_as_it_is() -> None:
    given = comparison(30, 8, np.zeros((30, 8, 8, 3), np.uint8))
    assert reduced(given) is given


def test_a_large_atlas_keeps_pictures_features_and_labels_together() -> None:
    count = MOST_PICTURES + 500
    grey = np.random.default_rng(1).integers(0, 256, count)
    pictures = np.broadcast_to(grey[:, None, None, None], (count, 8, 8, 3)).astype(np.uint8)
    found = reduced(comparison(count, 8, pictures))
    run, atlas = found.contestants[0].runs[0], found.atlas
    assert atlas is not None
    assert run.features is not None
    some = run.features[:, 0].astype(int)
    assert len(some) == len(set(some.tolist())) == MOST_PICTURES
    assert (some == chosen(count)).all()
    assert (atlas.labels == some % 7).all()
    assert (run.predictions == some % 7).all()
    sheet = np.asarray(Image.open(io.BytesIO(atlas.sheet)).convert("L"))
    middle = sheet[atlas.tile // 2 :: atlas.tile, atlas.tile // 2 :: atlas.tile].ravel()
    away = np.abs(middle[: len(some)].astype(int) - grey[some])
    assert np.median(away) < 8  # WebP does not keep every value
    assert away.mean() < 12


def test_pictures_that_do_not_compress_become_coarser() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (MOST_PICTURES, 48, 48, 3), dtype=np.uint8)
    found = reduced(comparison(MOST_PICTURES, 48, noise)).atlas
    assert found is not None
    assert len(found.sheet) <= MOST_BYTES
    assert found.tile < 48
    with Image.open(io.BytesIO(found.sheet)) as sheet:
        assert sheet.width == found.columns * found.tile
