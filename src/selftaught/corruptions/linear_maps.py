"""Matrices that act on the rows and on the columns of a picture alike."""

import torch
from jaxtyping import Float
from torch import Tensor


def on_both_sides(
    matrix: Float[Tensor, "t s"], pictures: Float[Tensor, "n c s s"]
) -> Float[Tensor, "n c t t"]:
    """``matrix @ picture @ matrix.T`` for each channel."""
    return matrix @ pictures @ matrix.T


def gaussian(
    side: int, sigma: float, *, truncate: int, mirrored: bool, device: torch.device
) -> Float[Tensor, "s s"]:
    """The matrix of a Gaussian filter, as of ``scipy.ndimage.gaussian_filter1d``.

    Args:
        sigma: in pixels; 0 gives the identity.
        truncate: how many deviations it reaches.
        mirrored: whether pixels beyond the edge are mirrored (scipy's "reflect") or those of the
            edge ("nearest").
    """
    reach = int(truncate * sigma + 0.5)
    offset = torch.arange(-reach, reach + 1)
    taps = (offset.double() / max(sigma, 1e-6)).square().div(-2).softmax(0)
    source = torch.arange(side)[:, None] + offset
    if mirrored:
        source = source.remainder(2 * side)
        source = torch.minimum(source, 2 * side - 1 - source)
    else:
        source = source.clamp(0, side - 1)
    matrix = torch.zeros(side, side, dtype=torch.float64)
    return matrix.scatter_add_(1, source, taps.expand(side, -1)).to(device, torch.float32)


def boxes(size: int, side: int, device: torch.device) -> Float[Tensor, "t s"]:
    """The matrix that resizes ``side`` pixels to ``size`` with Pillow's box filter.

    A pixel of the result is the mean of the pixels whose centres fall into it, or, when there are
    more pixels than before, the one that it falls into.
    """
    scale = side / size
    stretch = max(scale, 1.0)
    matrix = torch.zeros(size, side, dtype=torch.float64)
    for i in range(size):
        centre = (i + 0.5) * scale
        first = max(int(centre - stretch / 2 + 0.5), 0)
        last = min(int(centre + stretch / 2 + 0.5), side)
        for j in range(first, last):
            matrix[i, j] = float(-0.5 < (j + 0.5 - centre) / stretch <= 0.5)
    return (matrix / matrix.sum(1, keepdim=True)).to(device, torch.float32)
