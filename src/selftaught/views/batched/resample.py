"""Boxes of many pictures to squares of one size, antialiased, as two matrix products a picture.

Equal to cropping and then ``torch.nn.functional.interpolate(mode="bicubic", antialias=True)``,
which is Pillow's resize: the filter is stretched when the picture shrinks, and a pixel outside the
box counts nothing. A mirrored view is a mirrored matrix, so a flip costs nothing.
"""

import functools

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

FAR = 1e6

TABLE = 2**24
"""Bytes up to which the matrices of all boxes are kept: looking one up is ten times cheaper."""


def cubic(distance: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """Twice Keys' cubic filter (a = -1/2), for distances that are not negative.

    R. Keys, "Cubic convolution interpolation for digital image processing" (1981), eq. 15, whose
    two pieces are written as one sum of clamped polynomials: a branch is dearer than ten products.
    The factor of two goes when the weights are normalised.
    """
    outer = (2 - distance).clamp_(min=0)
    step = outer - 1
    weight = outer.square_().mul_(step)
    inner = step.clamp_(min=0)
    return weight.addcmul_(inner.square(), inner.mul(-4).add_(2))


def weights(
    start: Int64[Tensor, " n"],
    extent: Int64[Tensor, " n"],
    length: int,
    size: int,
    mirrored: Bool[Tensor, " n"],
) -> Float[Tensor, "n s l"]:
    """The matrix of each picture that resizes one side of its box.

    Args:
        start: where the box begins, in pixels.
        extent: how long it is, in pixels.
        length: how many pixels the whole picture has along this side.
        size: how many pixels the view has.
        mirrored: which pictures are shown backwards.

    Returns:
        float32 rows that sum to one: ``view = weights @ picture``.
    """
    device = start.device
    scale = extent[:, None].to(torch.float32) / size
    stretch = scale.clamp(min=1)
    pixel = torch.arange(length, device=device) - start[:, None]
    inside = (pixel >= 0) & (pixel < extent[:, None])
    pixel = torch.where(inside, (pixel + 0.5) / stretch, FAR)
    target = torch.arange(size, device=device)
    target = torch.where(mirrored[:, None], size - 1 - target, target)
    centre = (target + 0.5) * (scale / stretch)
    weight = cubic((pixel[:, None, :] - centre[:, :, None]).abs_())
    return weight.mul_(weight.sum(dim=-1, keepdim=True).reciprocal_())


@functools.cache
def _table(length: int, size: int, device: torch.device, turned: bool) -> Tensor:
    """``weights`` of every box side: row ``(start * (length + 1) + extent) * 2 + mirrored``."""
    row = torch.arange(length * (length + 1) * 2, device=device)
    start, extent = row // 2 // (length + 1), row // 2 % (length + 1)
    table = weights(start, extent, length, size, row % 2 == 1)
    return table.mT.contiguous() if turned else table


def matrices(
    start: Int64[Tensor, " n"],
    extent: Int64[Tensor, " n"],
    length: int,
    size: int,
    mirrored: Bool[Tensor, " n"],
    turned: bool = False,
) -> Float[Tensor, "n _ _"]:
    """The same as ``weights``, looked up where the pictures are small enough."""
    if 8 * length**2 * (length + 1) * size > TABLE:
        table = weights(start, extent, length, size, mirrored)
        return table.mT if turned else table
    row = (start * (length + 1) + extent) * 2 + mirrored
    return _table(length, size, start.device, turned).index_select(0, row)


def resample(
    pictures: Float[Tensor, "n c h w"],
    boxes: Int64[Tensor, "n 4"],
    size: int,
    mirrored: Bool[Tensor, " n"],
    out: Float[Tensor, "n c s s"],
) -> Float[Tensor, "n c s s"]:
    """Write what each box (top, left, height, width in pixels) holds to ``out``, in [0, 1].

    Bicubic overshoots beside edges: the result is clamped, as in the 8-bit pipelines of the papers.
    """
    h, w = pictures.shape[-2:]
    top, left, tall, wide = boxes.unbind(1)
    across = matrices(left, wide, w, size, mirrored, turned=True)
    down = matrices(top, tall, h, size, torch.zeros_like(mirrored))
    sandwich(down, pictures, across, out)
    return out.clamp_(0, 1)


def sandwich(
    left: Float[Tensor, "n s h"],
    pictures: Float[Tensor, "n c h w"],
    right: Float[Tensor, "n w t"],
    out: Float[Tensor, "n c s t"],
) -> Float[Tensor, "n c s t"]:
    """``left @ picture @ right`` for each channel, written to ``out``, which may be ``pictures``.

    It is fast where the memory of ``pictures`` and ``out`` has the channels first, as the engine's
    has: the matrices of a channel then lie one behind the other.
    """
    rows = pictures.new_empty(len(pictures), pictures.shape[2], right.shape[2])
    for channel in range(pictures.shape[1]):
        torch.bmm(pictures[:, channel], right, out=rows)
        torch.bmm(left, rows, out=out[:, channel])
    return out
