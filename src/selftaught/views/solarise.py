"""Solarisation: bright pixels are inverted (Grill et al., "Bootstrap your own latent", 2020)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

THRESHOLD = 0.5


def solarise(
    pictures: Float[Tensor, "n c h w"], chosen: Bool[Tensor, " n"]
) -> Float[Tensor, "n c h w"]:
    """Invert the values from 0.5 up of the chosen pictures, which are in [0, 1]."""
    bright = (pictures >= THRESHOLD) & chosen[:, None, None, None]
    return torch.where(bright, 1 - pictures, pictures)
