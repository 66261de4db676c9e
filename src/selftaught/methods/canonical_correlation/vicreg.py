"""VICReg (Bardes et al., 2022), https://arxiv.org/abs/2105.04906, Algorithm 1.

    invariance: the views agree   variance: no dimension dies   covariance: no two say the same

Defaults are the paper's for ImageNet (section 4.2). Scaling follows the authors' code where text and
code differ: the variance term is the average over the two views, the covariance term their sum.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.gram import between_columns
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_pairs
from selftaught.types import NotNegative, Widths


@in_float32
def invariance(z: Float[Tensor, "n p"], y: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 5: mean squared difference; like the authors' code it is averaged over dimensions too."""
    return F.mse_loss(z, y)


@in_float32
def variance(z: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 1: hinge that keeps every dimension's standard deviation above 1."""
    return F.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()


@in_float32
def covariance(z: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 4: squared off-diagonal covariance, per dimension."""
    n, p = z.shape
    z = z - z.mean(dim=0)
    diagonal = z.square().sum(dim=0).square().sum()
    return (between_columns(z, z) - diagonal) / ((n - 1) ** 2 * p)


class VICReg(Method):
    """Three terms over two views, each with a weight.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        weights: of invariance, variance, covariance; (25, 0, 1) collapses, (25, 25, 0) lets dimensions repeat.
    """

    needs = Needs(views=2, more=True, preset="vicreg")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (8192, 8192, 8192),
        weights: tuple[NotNegative, NotNegative, NotNegative] = (25.0, 25.0, 1.0),
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector, last_bias=False)
        self.weights = weights

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        every = [gather(x) for x in z]  # each [w n, p], with gradients
        lam, mu, nu = self.weights
        losses = {
            "invariance": lam * mean_over_pairs(invariance, z),
            "variance": mu * torch.stack([variance(x) for x in every]).mean(),
            "covariance": nu * torch.stack([covariance(x) for x in every]).mean() * 2,
        }
        return Outputs(losses, features=torch.cat(h), projections=torch.cat(z))
