"""Near-duplicates to look at, because an eye judges them at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray

from selftaught.data import Request, Splits
from selftaught.doctor.album import Album
from selftaught.reports.pictures import view_sheet
from selftaught.views.engine import Views

PAIRS = 12
"""That are shown."""

TILE = 96


@dataclass(frozen=True)
class Pair:
    """Two pictures of one shot.

    Attributes:
        picture: the name of what is held back.
        twin: of its like, on the other side.
        likeness: of their details, at most 1.
        sheet: the two side by side, as WebP.
    """

    picture: str
    twin: str
    likeness: float
    sheet: bytes


def pairs_between(album: Album, between: list[dict[str, Any]]) -> list[Pair]:
    """Near-duplicates of what is held back, evenly from the most alike to the least; copies are left out.

    Args:
        between: of ``duplicates.described``.
    """
    splits = album.splits
    found = [(leak, pair) for leak in between for pair in leak["pairs"] if not pair["copy"]]
    if splits is None or not found:
        return []
    found.sort(key=lambda each: -each[1]["likeness"])
    places = np.linspace(0, len(found) - 1, min(PAIRS, len(found))).round().astype(int).tolist()
    pairs = []
    for leak, pair in (found[place] for place in places):
        left = shown(splits, leak["of"], pair["picture"])
        right = shown(splits, leak["in"], pair["twin"])
        sheet = view_sheet(left, [right], TILE)
        pairs.append(Pair(pair["picture"], pair["twin"], pair["likeness"], sheet))
    return pairs


def shown(splits: Splits, part: str, name: str) -> UInt8[ndarray, "1 96 96 c"]:
    """The middle square of a picture, given by its part and name."""
    source, files = getattr(splits, part), splits.files.get(part)
    row = files.index(name) if files else int(name.split()[1])
    clean = Views.clean(
        size=TILE,
        channels=splits.train.channels,
        levels=splits.train.levels,
        mean=splits.mean,
        std=splits.std,
    )
    index = torch.tensor([row])
    plan = clean.plan(None, source.sizes[index])
    (fetched,) = source.fetch([Request(index, plan)], clean.crop)
    (sheet,) = clean.sheet(fetched.given, plan)
    return sheet
