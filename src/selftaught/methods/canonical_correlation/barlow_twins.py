"""Barlow Twins (Zbontar et al., 2021), https://arxiv.org/abs/2103.03230, Algorithm 1.

    C = standardised z' z / n over two views   sum (1 - C_ii)^2 + lambda sum C_ij^2   C goes to the identity

Defaults are the paper's for ImageNet (section 2.2). Rates found with one ``scale`` do not suit another.
Standardisation is the authors' batch-norm without affine: biased variance, 1e-5 added, over the pictures of
all ranks.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.gram import between_columns
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_pairs
from selftaught.types import NotNegative, Positive, Widths


def standardise(z: Float[Tensor, "n p"]) -> Float[Tensor, "n p"]:
    """Each dimension to mean 0 and deviation 1 over the batch."""
    return (z - z.mean(dim=0)) / (z.var(dim=0, correction=0) + 1e-5).sqrt()


@in_float32
def invariance(z: Float[Tensor, "n p"], y: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 1, first term: how far each dimension is from correlating with itself."""
    z, y = standardise(gather(z)), standardise(gather(y))
    return (1 - (z * y).mean(dim=0)).square().sum()


@in_float32
def redundancy(z: Float[Tensor, "n p"], y: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 1, second term without lambda: squared correlations of all other pairs of dimensions."""
    z, y = standardise(gather(z)), standardise(gather(y))
    diagonal = (z * y).sum(dim=0).square().sum()
    return (between_columns(z, y) - diagonal) / len(z) ** 2


class BarlowTwins(Method):
    """The views' cross-correlation is brought to the identity.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        redundancy: lambda, weight of the second term; 0 lets dimensions repeat each other.
        scale: factor of the loss: the paper has 1, the authors' first code 0.024, solo-learn 0.1.
    """

    needs = Needs(views=2, more=True, preset="asymmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (8192, 8192, 8192),
        redundancy: NotNegative = 0.0051,
        scale: Positive = 1.0,
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector, last_bias=False)
        self.redundancy, self.scale = redundancy, scale

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        losses = {
            "invariance": self.scale * mean_over_pairs(invariance, z),
            "redundancy": self.scale * self.redundancy * mean_over_pairs(redundancy, z),
        }
        return Outputs(losses, features=torch.cat(h), projections=torch.cat(z))
