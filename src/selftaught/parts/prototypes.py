"""Prototypes: unit vectors that embeddings are compared with, learnt like any other weight."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Prototypes(nn.Module):
    """Cosine similarities of embeddings and prototypes, in the precision of the weights.

    Args:
        count: k, how many.
        dim: p, width of an embedding.
    """

    def __init__(self, count: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(F.normalize(torch.randn(count, dim), dim=-1))

    def forward(self, z: Float[Tensor, "n p"]) -> Float[Tensor, "n k"]:
        with torch.autocast(z.device.type, enabled=False):
            return F.linear(F.normalize(z.to(self.weight.dtype), dim=-1), self.weight)

    @torch.no_grad()
    def normalise(self) -> None:
        """Back to unit length, after a step has moved them."""
        self.weight.copy_(F.normalize(self.weight, dim=-1))
