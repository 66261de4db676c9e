"""The raw picture as its own feature: what an encoder must beat to have learnt anything."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.encoders.encoder import Encoder

SIDE = 32
"""Larger pictures are averaged down to this side first, as the "tiny images" of Torralba, Fergus
and Freeman (2008) are: at 224 pixels a feature would have 150,528 numbers."""


class Pixels(Encoder):
    """The flattened picture, [c, s, s] row by row with s at most ``SIDE``.

    Args:
        channels: of the pictures.
        size: side of the pictures, in pixels.
    """

    def __init__(self, *, channels: int, size: int) -> None:
        super().__init__()
        self.recipe = {"name": "pixels", "channels": channels, "size": size}
        self.side = min(size, SIDE)
        self.dim = channels * self.side**2

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        if pictures.shape[-1] > self.side:
            pictures = F.adaptive_avg_pool2d(pictures, self.side)
        return pictures.flatten(1)
