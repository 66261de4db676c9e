"""Pictures in pieces: the pixels of each patch, and tiles from places of their own."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.errors import Refusal

SMALLEST, READABLE = 4, 16
"""Sides in pixels: of a tile that holds something, and of one that a network is shown."""


def patches(pictures: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n p d"]:
    """The pixels of every patch, row by row as a ViT numbers them; d = c side side."""
    n, c, h, w = pictures.shape
    cells = pictures.reshape(n, c, h // side, side, w // side, side)
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(n, (h // side) * (w // side), c * side**2)


def take(x: Float[Tensor, "n p d"], which: Int64[Tensor, "n k"]) -> Float[Tensor, "n k d"]:
    """The tokens, or pixels, of some patches."""
    return x.gather(1, which[:, :, None].expand(-1, -1, x.shape[2]))


def levelled(x: Float[Tensor, "n p d"]) -> Float[Tensor, "n p d"]:
    """Each patch by its own mean and deviation: "normalized pixels" of MAE's section 3."""
    return (x - x.mean(dim=-1, keepdim=True)) / (x.var(dim=-1, keepdim=True) + 1e-6).sqrt()


def tiles(
    pictures: Float[Tensor, "n c h w"],
    top: Int64[Tensor, "n t"],
    left: Int64[Tensor, "n t"],
    side: int,
) -> Float[Tensor, "n t c s s"]:
    """Square tiles of each picture, with their corners at (top, left)."""
    inside = torch.arange(side, device=pictures.device)
    rows, columns = top[:, :, None] + inside, left[:, :, None] + inside  # [n, t, s]
    picture = torch.arange(len(pictures), device=pictures.device)[:, None, None, None]
    cut = pictures.movedim(1, -1)[picture, rows[:, :, :, None], columns[:, :, None, :]]
    return cut.movedim(-1, 2).contiguous()


def whole_side(side: float, size: int, method: str) -> int:
    """Side of a tile in whole pixels.

    Raises:
        Refusal: too few pixels to tell anything from.
    """
    if side < SMALLEST:
        raise Refusal(
            f"{method} cuts views of {size} px into tiles of {int(side)} px, too small to tell what is in "
            "them; give larger ones, by views.size or views.sides."
        )
    return int(side)


def readable(cut: Float[Tensor, "n t c s s"], patch: int = 1) -> Float[Tensor, "m c r r"]:
    """Tiles in a row, resized where an encoder made for whole views could not read them.

    A convolutional network gets 16 pixels or more, so that its last maps are not all padding (and torch's
    bfloat16 convolution on CPUs has no gradient for a 3 x 3 filter that strides over one pixel); a ViT
    gets the nearest number of whole patches, two or more.
    """
    side = cut.shape[-1]
    wanted = max(round(max(side, READABLE) / patch), 1 if patch == 1 else 2) * patch
    flat = cut.flatten(0, 1)
    if wanted == side:
        return flat
    return F.interpolate(flat, (wanted, wanted), mode="bilinear", antialias=True)
