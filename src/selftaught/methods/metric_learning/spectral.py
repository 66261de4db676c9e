"""Spectral contrastive (HaoChen et al., 2021), https://arxiv.org/abs/2106.04156, section 3.2.

    -2 E[z . z+] + E[(z . z')^2]   the views of a picture agree, other pictures are at right angles

Its minimum is a factorisation of the graph that joins the views of one picture, hence the name.
As in the authors' code, outputs longer than sqrt(mu) are shortened to that length and the loss is divided by
mu; negatives are the other pictures' other view. Defaults are their configuration for ImageNet. Their linear
layers before a batch-norm have biases, which it takes away again; ours have none.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.gram import between_rows
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_pairs
from selftaught.types import Positive, Widths


@in_float32
def within(z: Float[Tensor, "v p"], mu: float) -> Float[Tensor, "v p"]:
    """The nearest point of the ball of radius sqrt(mu)."""
    length = z.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    inside: Tensor = z * (math.sqrt(mu) / length).clamp(max=1)
    return inside


@in_float32
def attraction(z: Float[Tensor, "n p"], y: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """First term: -2 times the mean product of a picture's two views."""
    return -2 * (z * y).sum(dim=-1).mean()


@in_float32
def repulsion(z: Float[Tensor, "n p"], y: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Second term: mean squared product of the views of two different pictures, of all ranks."""
    everyone = gather(y)  # [w n, p], with gradients
    own = (z * y).sum(dim=-1).square().sum()
    return (between_rows(z, everyone) - own) / (len(z) * (len(everyone) - 1))


class Spectral(Method):
    """Products of views, large within a picture and nought between pictures.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        mu: squared length at which outputs are cut off; the loss is divided by it.
    """

    needs = Needs(views=2, more=True, preset="weak")

    def __init__(
        self, encoder: Encoder, *, projector: Widths = (8192, 8192, 8192), mu: Positive = 10.0
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector, last_norm=True, last_bias=False)
        self.mu = mu

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [within(self.projector(x), self.mu) for x in h]
        losses = {
            "attraction": mean_over_pairs(attraction, z) / self.mu,
            "repulsion": mean_over_pairs(repulsion, z) / self.mu,
        }
        return Outputs(losses, features=torch.cat(h), projections=torch.cat(z))
