"""What views need to know of a data set: mean and deviation of its pixels, and a fitting size."""

from typing import Any

import torch
from torch import Tensor

from selftaught.data.division import fixed_order
from selftaught.data.source import Request, Source

PICTURES = 1000
"""The pixels of so many pictures are looked at."""

SIZES = ((40, 32), (80, 64), (140, 96))
"""Median short side up to the first number: views of the second. Anything larger: 224."""


def moments(picture: Tensor, plan: Any, row: int) -> list[Tensor]:
    """Mean and mean square of each channel [c, 2], in levels: a ``Crop``, as files may stream."""
    pixels = picture.flatten(1).double()
    return [torch.stack([pixels.mean(1), pixels.square().mean(1)], dim=1)]


def mean_and_std(source: Source) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Per channel, of pixels in [0, 1], rounded to four digits; every picture weighs the same.

    A channel that never changes gets a deviation of one grey level, so that it can be divided by.
    """
    rows = fixed_order(len(source))[:PICTURES]
    total = torch.zeros(source.channels, 2, dtype=torch.float64)
    for fetched in source.fetch((Request(some) for some in torch.split(rows, 50)), moments):
        if fetched.crops is not None:
            total += fetched.crops[0].sum(0)
        elif fetched.pictures is not None:
            total += sum(moments(picture.cpu(), None, 0)[0] for picture in fetched.pictures)
    mean, square = (total / len(rows)).unbind(1)
    std = (square - mean.square()).clamp(min=1).sqrt()
    return (
        tuple(round(value, 4) for value in (mean / source.levels).tolist()),
        tuple(round(max(value, 1e-4), 4) for value in (std / source.levels).tolist()),
    )


def view_size(sizes: Tensor) -> int:
    """Side of the square views for pictures of these heights and widths [n, 2]."""
    short = int(sizes.min(dim=1).values.median())
    return next((size for limit, size in SIZES if short <= limit), 224)
