"""Linear CCA (Hotelling, 1936), https://doi.org/10.1093/biomet/28.3-4.321, between two views of a picture.

    max corr(x a, y b)   x, y: the pixels of two views   each pair of variates uncorrelated with the others

What the family of canonical correlation reaches with the same views and no network. Both views follow one
law here, so each picture is used in both orders and one projection serves every picture. Pixels are many and
alike, so the covariances are regularised (Vinod, 1976).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Needs
from selftaught.encoders import Encoder
from selftaught.encoders.pixels import Pixels
from selftaught.encoders.projection import Projection
from selftaught.methods.baselines.pca import principal_components
from selftaught.methods.method import Baseline, Material
from selftaught.types import Count, NotNegative


def inverse_root(covariance: Float[Tensor, "p p"], ridge: float) -> Float[Tensor, "p p"]:
    """Of a covariance with its ridge; directions without variance are left out."""
    values, vectors = torch.linalg.eigh(covariance)
    there = values > values[-1] * 1e-10
    scales = (values + ridge * values.mean()).rsqrt().where(there, torch.zeros_like(values))
    root: Tensor = (vectors * scales) @ vectors.T
    return root


def canonical_correlations(
    x: Float[Tensor, "n p"], y: Float[Tensor, "n q"], ridge: float = 0.0
) -> tuple[Float[Tensor, " r"], Float[Tensor, "p r"], Float[Tensor, "q r"]]:
    """Correlations, the largest first, and the two projections to the variates, in float64."""
    x, y = x.double() - x.double().mean(dim=0), y.double() - y.double().mean(dim=0)
    one, other = (inverse_root(z.T @ z / (len(z) - 1), ridge) for z in (x, y))
    u, correlations, v = torch.linalg.svd(
        one @ (x.T @ y / (len(x) - 1)) @ other, full_matrices=False
    )
    return correlations, one @ u, other @ v.mT


class CCA(Baseline):
    """The leading canonical variates of two views.

    Args:
        dims: how many.
        components: leading principal components of the pixels among which they are looked for.
        regularisation: mean variances added to the covariances' diagonals; 0 follows noise.
    """

    own_encoder = True
    needs = Needs(views=2, preset="symmetric")

    def __init__(
        self, *, dims: Count = 128, components: Count = 512, regularisation: NotNegative = 0.01
    ) -> None:
        self.dims, self.components, self.regularisation = dims, components, regularisation

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        _, channels, size, _ = given.pictures.shape
        flat = Pixels(channels=channels, size=size)
        x, y = (flat(view).double() for view in given.views)
        mean, vectors, _ = principal_components(torch.cat([x, y]))
        vectors = vectors[:, : self.components]
        x, y = (x - mean) @ vectors, (y - mean) @ vectors
        both, swapped = torch.cat([x, y]), torch.cat([y, x])
        _, variates, _ = canonical_correlations(both, swapped, self.regularisation)
        matrix = vectors @ variates[:, : self.dims]
        found = Projection(channels=channels, size=size, dims=matrix.shape[1])
        found.set(mean, matrix)
        return {"cca": found}
