"""The pictures behind the maps: one sprite sheet a comparison, the same pictures for every run."""

from pathlib import Path

import torch

from selftaught.data import Request, Splits
from selftaught.reports.pictures import sprite
from selftaught.runs import write_atomically, write_json
from selftaught.training.carry_out import atlas_rows
from selftaught.views.engine import Views

LARGEST_TILE = 48


def write(directory: Path, splits: Splits, split: str) -> None:
    """Write ``atlas/pictures.webp`` and ``atlas/pictures.json`` for the split that was judged."""
    source = splits.test if split == "test" else splits.validation
    assert source is not None
    assert source.labels is not None
    labelled = (source.labels >= 0).nonzero().squeeze(1)
    index = labelled[atlas_rows(len(labelled))]
    tile = min(splits.size, LARGEST_TILE)
    views = Views.clean(
        size=tile,
        channels=source.channels,
        levels=source.levels,
        mean=splits.mean,
        std=splits.std,
    )
    requests = [Request(i, views.plan(None, source.sizes[i])) for i in torch.split(index, 256)]
    sheets = [
        torch.from_numpy(views.sheet(fetched.given, fetched.request.plan)[0])
        for fetched in source.fetch(requests, views.crop)
    ]
    content, columns = sprite(torch.cat(sheets).numpy(), tile)
    write_atomically(directory / "atlas" / "pictures.webp", content)
    write_json(
        directory / "atlas" / "pictures.json",
        {
            "tile": tile,
            "columns": columns,
            "count": len(index),
            "labels": source.labels[index].tolist(),
            "classes": list(splits.classes),
        },
    )
