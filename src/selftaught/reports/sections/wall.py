"""The nearest-neighbour wall: the same pictures asked of every encoder."""

from typing import Any

from selftaught.reports import neighbours
from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.sections.tiles import placed, tile
from selftaught.reports.wording import percent

NEIGHBOURS = 5
QUERIES = 12
SHOWN = ("untrained", "supervised")
"""Baselines that have rows on the wall; the others would only lengthen it."""


def section(comparison: Comparison) -> Section | None:
    """Queries drawn over the classes, and each encoder's neighbours; absent without features."""
    atlas, found = comparison.atlas, placed(comparison)
    if atlas is None or not found:
        return None
    asked = neighbours.queries(atlas.labels, QUERIES)
    cards: list[dict[str, Any]] = [{"tile": tile(atlas, i), "strips": []} for i in asked]
    shares = []
    for contestant, _, features in found:
        near = neighbours.nearest(features, NEIGHBOURS)
        shares.append((contestant, percent(neighbours.agreement(near, atlas.labels), 0)))
        if not _on_the_wall(contestant):
            continue
        for card, index in zip(cards, asked, strict=True):
            own = [
                tile(atlas, other) | {"wrong": bool(atlas.labels[other] != atlas.labels[index])}
                for other in near[index].tolist()
            ]
            card["strips"].append((contestant, own))
    body = fill("wall.html", cards=cards, shares=shares, count=len(atlas.labels))
    return Section("neighbours", "Neighbours", body)


def _on_the_wall(contestant: Contestant) -> bool:
    return not contestant.baseline or contestant.name.partition(":")[0] in SHOWN
