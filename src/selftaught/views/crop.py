"""Which part of a picture a view shows: a box of whole pixels.

The law is the one of the Inception crops (Szegedy et al., "Going deeper with convolutions", CVPR
2015) as torchvision's ``RandomResizedCrop.get_params`` draws it.
"""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

TRIES = 10
WORDS = 2 * TRIES + 2
"""Uniform numbers for one box: areas, ratios, and the place of the one that fits."""


def random_resized(
    uniform: Float[Tensor, "n words"],
    sizes: Int64[Tensor, "n 2"],
    area: tuple[float, float],
    ratio: tuple[float, float],
) -> Int64[Tensor, "n 4"]:
    """A random box in each picture: its share of the area is uniform, its ratio log-uniform.

    Ten candidates are drawn for each picture and the first that fits is taken; where none fits, the
    box is the largest central one with a ratio in the range.

    Args:
        uniform: ``WORDS`` float32 numbers in [0, 1) for each picture.
        sizes: height and width in pixels.
        area: smallest and largest share of the picture's area, in (0, 1].
        ratio: smallest and largest width / height.

    Returns:
        top, left, height, width in pixels.
    """
    # In float64 a device's last bit of exp does not move a box by a pixel; Metal has float32 alone.
    real = torch.float32 if uniform.device.type == "mps" else torch.float64
    drawn = uniform.to(real)
    height, width = sizes[:, :1], sizes[:, 1:]
    share = area[0] + (area[1] - area[0]) * drawn[:, :TRIES]
    low, high = math.log(ratio[0]), math.log(ratio[1])
    ratios = torch.exp(low + (high - low) * drawn[:, TRIES : 2 * TRIES])
    pixels = share * (height * width)
    tall = torch.sqrt(pixels / ratios).round().long()
    wide = torch.sqrt(pixels * ratios).round().long()
    fits = (tall > 0) & (tall <= height) & (wide > 0) & (wide <= width)

    first = fits.int().argmax(dim=1, keepdim=True)
    central_height = torch.minimum(height, (width / ratio[0]).round().long())
    central_width = torch.minimum(width, (height * ratio[1]).round().long())
    found = fits.gather(1, first)
    tall = torch.where(found, tall.gather(1, first), central_height)
    wide = torch.where(found, wide.gather(1, first), central_width)

    room_down, room_right = height - tall, width - wide
    top = (drawn[:, -2:-1] * (room_down + 1)).long().minimum(room_down)
    left = (drawn[:, -1:] * (room_right + 1)).long().minimum(room_right)
    top = torch.where(found, top, room_down // 2)
    left = torch.where(found, left, room_right // 2)
    return torch.cat([top, left, tall, wide], dim=1)


def central_square(sizes: Int64[Tensor, "n 2"]) -> Int64[Tensor, "n 4"]:
    """The centred square of the short side: top, left, height, width in pixels."""
    side = sizes.amin(dim=1, keepdim=True)
    corner = (sizes - side) // 2
    return torch.cat([corner, side, side], dim=1)
