"""Solarisation: bright pixels are inverted (Grill et al., "Bootstrap your own latent", 2020)."""

from jaxtyping import Bool, Float
from torch import Tensor

THRESHOLD = 0.5


def solarise_(
    pictures: Float[Tensor, "n c h w"], chosen: Bool[Tensor, " n"]
) -> Float[Tensor, "n c h w"]:
    """Invert the values from 0.5 up of the chosen pictures in [0, 1], in place."""
    bright = (pictures >= THRESHOLD) & chosen[:, None, None, None]
    # 1 - x where it is bright and x elsewhere: ± x, plus 1 where bright.
    share = bright.to(pictures.dtype)
    return pictures.mul_(1 - 2 * share).add_(share)
