"""The pictures behind the maps: one sprite sheet a comparison, the same pictures for every run."""

from pathlib import Path

import numpy as np
import torch

from selftaught.data import Request, Splits
from selftaught.evaluation import atlas
from selftaught.reports.pictures import sprite
from selftaught.runs import write_atomically, write_json
from selftaught.views.engine import Views

LARGEST_TILE = 48


def write(directory: Path, splits: Splits, split: str) -> None:
    """Write ``atlas/pictures.webp`` and ``atlas/pictures.json`` for the split that was judged.

    A file that cannot be read is left out.
    """
    source = splits.test if split == "test" else splits.validation
    assert source is not None
    assert source.labels is not None
    wanted = atlas.chosen(source)
    tile = min(splits.size, LARGEST_TILE)
    views = Views.clean(
        size=tile,
        channels=source.channels,
        levels=source.levels,
        mean=splits.mean,
        std=splits.std,
    )
    blocks = torch.split(wanted, 256)
    requests = [Request(rows, views.plan(None, source.sizes[rows])) for rows in blocks]
    sheets, kept = [], []
    for rows, fetched in zip(blocks, source.fetch(requests, views.crop), strict=True):
        own = fetched.request.index == rows  # else another stands in for it
        sheets.append(views.sheet(fetched.given, fetched.request.plan)[0][own.numpy()])
        kept.append(rows[own])
    index = torch.cat(kept)
    content, columns = sprite(np.concatenate(sheets), tile)
    write_atomically(directory / "atlas" / "pictures.webp", content)
    write_json(
        directory / "atlas" / "pictures.json",
        {
            "tile": tile,
            "columns": columns,
            "index": index.tolist(),
            "labels": source.labels[index].tolist(),
            "classes": list(splits.classes),
        },
    )
