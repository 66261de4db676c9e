"""Gaussian blur with its own width for each picture, as two matrix products a picture."""

import functools

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.views.batched.resample import sandwich


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


def blur_(
    pictures: Float[Tensor, "n c s s"], sigma: Float[Tensor, " n"]
) -> Float[Tensor, "n c s s"]:
    """Blur each picture with a Gaussian of ``sigma`` pixels, in place; 0 changes nothing."""
    matrix = matrices(sigma, pictures.shape[-1])
    return sandwich(matrix, pictures, matrix.mT, out=pictures)
