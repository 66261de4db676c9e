"""Linked maps of the features: brush in one, and the same pictures light up in the others."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from selftaught.reports import neighbours
from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.maps import TSNE_AT_MOST
from selftaught.reports.packing import packed
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.sections.tiles import placed
from selftaught.reports.wording import full_title

NEIGHBOURS = 5


def section(comparison: Comparison) -> Section | None:
    """A map of each contestant that placed the atlas' pictures; absent without any."""
    atlas, found = comparison.atlas, placed(comparison)
    if atlas is None or not found:
        return None
    seeds = [run.row["seed"] for _, run, _ in found if run.row.get("seed") is not None]
    body = fill(
        "map.html",
        contestants=[contestant for contestant, _, _ in found],
        count=len(atlas.labels),
        seed=seeds[0] if seeds else None,
        split=comparison.split,
        tsne_at_most=TSNE_AT_MOST,
    )
    data = {
        "columns": atlas.columns,
        "classes": atlas.classes,
        "labels": packed(atlas.labels),
        "maps": [_map(*each) for each in found],
    }
    return Section("map", "Map", body, data)


def _map(contestant: Contestant, run: RunFolder, features: Float[ndarray, "n d"]) -> dict[str, Any]:
    assert run.maps is not None
    return {
        "name": full_title(contestant.name),
        "ink": contestant.ink,
        "share": run.maps.share,
        "pca": run.maps.pca,
        "tsne": run.maps.tsne,
        "near": packed(neighbours.nearest(features, NEIGHBOURS).astype(np.int64)),
        "predictions": None if run.predictions is None else packed(run.predictions),
    }
