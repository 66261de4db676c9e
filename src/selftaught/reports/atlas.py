"""The pictures that the page carries: a part of the atlas where it is large, and a sheet that stays small."""

import io
from dataclasses import replace

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from PIL import Image

from selftaught.reports.contestants import Atlas, Comparison, RunFolder
from selftaught.reports.pictures import COLUMNS, webp

MOST_PICTURES = 2000
"""As many as t-SNE places; the page draws and compares no more."""

MOST_BYTES = 1_900_000
"""Of the sheet, before a page's base64 makes it a third larger."""

SMALLEST = 16


def reduced(comparison: Comparison) -> Comparison:
    """The comparison with an atlas that the page can carry, and every run's features of it alone."""
    atlas = comparison.atlas
    if atlas is None:
        return comparison
    amount = len(atlas.labels)
    if amount <= MOST_PICTURES and len(atlas.sheet) <= MOST_BYTES:
        return comparison
    some = chosen(amount)
    contestants = [
        replace(contestant, runs=[_of(run, some) for run in contestant.runs])
        for contestant in comparison.contestants
    ]
    return replace(comparison, contestants=contestants, atlas=_smaller(atlas, some))


def chosen(amount: int) -> Int[ndarray, " m"]:
    """Which rows are kept: all, or 2,000 drawn once for all runs, in their order."""
    order = np.random.default_rng(0).permutation(amount)[:MOST_PICTURES]
    return np.sort(order)


def _of(run: RunFolder, some: Int[ndarray, " m"]) -> RunFolder:
    return replace(
        run,
        features=None if run.features is None else run.features[some],
        predictions=None if run.predictions is None else run.predictions[some],
    )


def _smaller(atlas: Atlas, some: Int[ndarray, " m"]) -> Atlas:
    """A sheet of some of the pictures: at its own size, and where that is too much, coarser."""
    whole = Image.open(io.BytesIO(atlas.sheet)).convert("RGB")
    tile, columns = atlas.tile, min(COLUMNS, len(some))
    sheet = Image.new("RGB", (columns * tile, -(-len(some) // columns) * tile))
    for place, index in enumerate(some.tolist()):
        row, column = divmod(index, atlas.columns)
        left, top = column * tile, row * tile
        picture = whole.crop((left, top, left + tile, top + tile))
        row, column = divmod(place, columns)
        sheet.paste(picture, (column * tile, row * tile))
    content = webp(sheet)
    while len(content) > MOST_BYTES and tile > SMALLEST:
        tile = max(SMALLEST, int(tile * 0.8))
        rows = sheet.height // atlas.tile
        smaller = sheet.resize((columns * tile, rows * tile), Image.Resampling.BOX)
        content = webp(smaller, quality=70)
    return replace(
        atlas,
        sheet=content,
        tile=tile,
        columns=columns,
        index=atlas.index[some],
        labels=atlas.labels[some],
    )
