"""The classes that are most often taken for each other, with the pictures."""

from typing import Any

from selftaught.reports import confusions
from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.sections.tiles import label_name, read, tile
from selftaught.reports.wording import percent

PAIRS = 6
EXAMPLES = 6


def section(comparison: Comparison) -> Section | None:
    """Pairs of classes over all methods, each method's share and mistakes; absent without predictions."""
    atlas, found = comparison.atlas, read(comparison)
    if atlas is None or not found:
        return None
    labels = atlas.labels
    classes = 1 + max(int(labels.max()), *(int(given.max()) for _, given in found))
    shares = [confusions.confused(labels, given, classes) for _, given in found]
    judged = [s for s, (c, _) in zip(shares, found, strict=True) if not c.baseline] or shares
    pairs = confusions.worst_pairs(judged, PAIRS)
    if not pairs:
        return None
    cards: list[dict[str, Any]] = []
    for one, other in pairs:
        rows = []
        for (contestant, given), share in zip(found, shares, strict=True):
            own = confusions.examples(labels, given, (one, other), EXAMPLES)
            tiles = [tile(atlas, i) | {"read": label_name(atlas, int(given[i]))} for i in own]
            rows.append(
                (contestant, percent(share[one, other], 0), float(share[one, other]), tiles)
            )
        names = label_name(atlas, one), label_name(atlas, other)
        cards.append({"names": names, "rows": rows})
    body = fill("confused.html", cards=cards, count=len(labels))
    return Section("confused", "Confusions", body)
