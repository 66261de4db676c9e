"""A linear map of the picture: what principal components and canonical variates are, once found."""

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.encoders.pixels import Pixels


class Projection(Pixels):
    """``(pixels - mean) @ matrix``; larger pictures are averaged down first, as ``pixels`` does.

    Before ``set`` the matrix is zero.

    Args:
        channels: of the pictures.
        size: side of the pictures, in pixels.
        dims: width of the features.
    """

    mean: Tensor
    matrix: Tensor

    def __init__(self, *, channels: int, size: int, dims: int) -> None:
        super().__init__(channels=channels, size=size)
        self.recipe = {"name": "projection", "channels": channels, "size": size, "dims": dims}
        self.register_buffer("mean", torch.zeros(self.dim))
        self.register_buffer("matrix", torch.zeros(self.dim, dims))
        self.dim = dims

    @torch.no_grad()
    def set(self, mean: Float[Tensor, " p"], matrix: Float[Tensor, "p d"]) -> None:
        """Take what was found, in any precision; the largest entry of each column becomes positive."""
        largest = matrix.gather(0, matrix.abs().argmax(0, keepdim=True))
        self.mean.copy_(mean)
        self.matrix.copy_(matrix * largest.sign())

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        # Small components are differences of large numbers: half precision would lose them.
        with torch.autocast(pictures.device.type, enabled=False):
            features: Tensor = (super().forward(pictures.float()) - self.mean) @ self.matrix
            return features
