"""Linked maps of the features: brush in one, and the same pictures light up in the others."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from selftaught.reports import neighbours
from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.maps import (
    TSNE_AT_MOST,
    FeatureMap,
    neighbour_embedding,
    principal_components,
)
from selftaught.reports.packing import packed, packed_positions
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
    components, embedding = principal_components(features), neighbour_embedding(features)
    share = components.share if components is not None else None
    return {
        "name": full_title(contestant.name),
        "ink": contestant.ink,
        "share": None if share is None else round(100 * share),
        "pca": _places(components),
        "tsne": _places(embedding),
        "near": packed(neighbours.nearest(features, NEIGHBOURS).astype(np.int64)),
        "predictions": None if run.predictions is None else packed(run.predictions),
    }


def _places(found: FeatureMap | None) -> str | None:
    return None if found is None else packed_positions(found.positions)
