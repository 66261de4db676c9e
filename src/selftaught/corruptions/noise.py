"""Noise: Gaussian, shot (Poisson) and impulse, each value of a picture for itself."""

import functools
import math

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.corruptions.draws import Draws

LEVELS = 256
"""Brightnesses for which photons are counted: those of 8-bit pictures, as the paper corrupts."""


def gaussian_noise(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, deviation: float
) -> Float[Tensor, "n c s s"]:
    """Low light: the same normal noise everywhere."""
    noise = draws.normals("gaussian_noise", *pictures.shape[1:3])
    return (pictures + deviation * noise).clamp_(0, 1)


@functools.lru_cache(maxsize=2 * 5)
def _steps(photons: float) -> Float[Tensor, "l k"]:
    """Poisson distribution functions, float64: row l is for the mean ``photons * l / 255``."""
    most = int(photons + 10 * math.sqrt(photons) + 20)
    count = torch.arange(most, dtype=torch.float64)
    mean = photons * torch.arange(LEVELS, dtype=torch.float64)[:, None] / (LEVELS - 1)
    log = torch.special.xlogy(count, mean) - mean - torch.lgamma(count + 1)
    steps: Tensor = log.exp().cumsum(1).clamp_(max=1)
    return steps


def shot_noise(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, photons: float
) -> Float[Tensor, "n c s s"]:
    """Light comes in photons: a value x becomes Poisson(photons * x) / photons.

    The count is the distribution's inverse at a uniform number, so it is exact, and it only grows
    with brightness. Values are rounded to 8 bits first.
    """
    device = pictures.device
    # Apple's GPUs have no float64, and 24 bits are too few to search all the rows at once.
    place = torch.device("cpu") if device.type == "mps" else device
    steps = _steps(photons).to(place)
    row = (pictures * (LEVELS - 1)).round().to(place, torch.int64)
    u = draws.uniforms("shot_noise", *pictures.shape[1:3]).to(place, torch.float64)
    # Row l is shifted up by l, so that all rows are one sorted list.
    shifted = (steps + torch.arange(LEVELS, device=place)[:, None]).flatten()
    width = steps.shape[1]
    count = torch.searchsorted(shifted, u + row, right=True) - row * width
    return (count.clamp_(max=width - 1).to(device, torch.float32) / photons).clamp_(0, 1)


def impulse_noise(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, amount: float
) -> Float[Tensor, "n c s s"]:
    """Salt and pepper: a share ``amount`` of all values, half of them set to 0, half to 1."""
    u = draws.uniforms("impulse_noise", *pictures.shape[1:3])
    return torch.where(u < amount, (u < amount / 2).to(pictures.dtype), pictures)
