"""Gaussian blur with its own width for each picture, as two matrix products a picture."""

import functools

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.views.bands import BLOCK, Band
from selftaught.views.resample import sandwich

LARGE = 128
"""Side in pixels from which a CPU blurs by bands: below, whole matrices of many pictures are faster."""


def radius(size: int) -> int:
    """Half the width of the kernel in pixels: the whole is a tenth of the side, made odd.

    So in SimCLR's code (Chen et al., 2020, appendix A: "the kernel size is set to be 10 % of the
    image height/width"). Below 20 pixels it is nought: such views are not blurred.
    """
    return size // 10 // 2


@functools.cache
def _taps(size: int, device: torch.device) -> Float[Tensor, "k s s"]:
    """Where each tap of the kernel takes its pixel from, reflected at edges that are not repeated."""
    offset = torch.arange(-radius(size), radius(size) + 1, device=device)
    source = (torch.arange(size, device=device) + offset[:, None]).abs()
    source = (size - 1) - (size - 1 - source).abs()
    return (torch.arange(size, device=device) == source[:, :, None]).to(torch.float32)


def kernels(sigma: Float[Tensor, " n"], size: int) -> Float[Tensor, "n k"]:
    """The kernel of each picture."""
    reach = radius(size)
    offset = torch.arange(-reach, reach + 1, device=sigma.device)
    # With a hundredth of a pixel, exp(-5000) = 0 is left beside the centre: the exact identity.
    power = (offset / sigma.clamp(min=0.01)[:, None]).square() / -2
    return power.softmax(dim=1)


def matrices(sigma: Float[Tensor, " n"], size: int) -> Float[Tensor, "n s s"]:
    """The matrix of each picture that blurs one side.

    Args:
        sigma: in pixels; 0 gives the identity.
        size: pixels of the side.
    """
    return (kernels(sigma, size) @ _taps(size, sigma.device).flatten(1)).view(-1, size, size)


@functools.cache
def _block_taps(size: int) -> tuple[Int64[Tensor, " e"], list[int]]:
    """For each element of the blocks of a band, which taps add up in it, and where each block begins.

    A pixel is reached directly, or through the first or the last edge; the number after the last tap is none.
    """
    reach = radius(size)
    width = BLOCK + 2 * reach
    row = torch.arange(-(-size // BLOCK) * BLOCK).view(-1, BLOCK, 1)
    first = (row[:, :1] - reach).clamp(0, size - width)
    pixel = first + torch.arange(width)
    never = torch.tensor(size + reach + 1)
    ways = [
        pixel - row,
        torch.where(pixel > 0, -pixel, never) - row,
        torch.where(pixel < size - 1, 2 * (size - 1) - pixel, never) - row,
    ]
    taps = torch.cat([way.flatten() for way in ways])
    return torch.where(taps.abs() <= reach, taps + reach, 2 * reach + 1), first.flatten().tolist()


def bands(sigma: Float[Tensor, " n"], size: int) -> list[Band]:
    """The same as ``matrices``, as bands on the CPU."""
    taps, firsts = _block_taps(size)
    # What is too little to be seen is nought: a product with numbers near 1e-40 takes a CPU ten times as long.
    weights = F.threshold(kernels(sigma, size), 1e-12, 0.0)
    return [
        Band(kernel.index_select(0, taps).view(3, len(firsts), BLOCK, -1).sum(dim=0), firsts, size)
        for kernel in F.pad(weights, (0, 1))
    ]


def blur_(
    pictures: Float[Tensor, "n c s s"], sigma: Float[Tensor, " n"]
) -> Float[Tensor, "n c s s"]:
    """Blur each picture with a Gaussian of ``sigma`` pixels, in place; 0 changes nothing."""
    size = pictures.shape[-1]
    if pictures.device.type != "cpu" or size < LARGE:
        matrix = matrices(sigma, size)
        return sandwich(matrix, pictures, matrix.mT, out=pictures)
    for picture, band in zip(pictures, bands(sigma, size), strict=True):
        rows = picture.new_empty(picture.shape)
        band.across(picture.reshape(-1, size), rows.view(-1, size))
        for blurred, channel in zip(rows, picture, strict=True):
            band.down(blurred, channel)
    return pictures
