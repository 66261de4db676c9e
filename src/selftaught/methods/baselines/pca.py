"""PCA (Pearson, 1901), https://doi.org/10.1080/14786440109462720, of the pixels of training pictures.

    features = (x - mean) U   the columns of U are the directions in which the pictures vary most

What a linear map without views or labels reaches.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.encoders import Encoder
from selftaught.encoders.pixels import Pixels
from selftaught.encoders.projection import Projection
from selftaught.methods.method import Baseline, Material
from selftaught.types import Count


def principal_components(
    x: Float[Tensor, "n p"],
) -> tuple[Float[Tensor, " p"], Float[Tensor, "p r"], Float[Tensor, " r"]]:
    """Mean, directions and variances in float64, the largest first; r directions in which x varies."""
    x = x.double()
    mean = x.mean(dim=0)
    values, vectors = torch.linalg.eigh((x - mean).T @ (x - mean) / (len(x) - 1))
    rank = max(1, int((values > values[-1] * 1e-9).sum()))
    return mean, vectors.flip(1)[:, :rank], values.flip(0)[:rank]


class PCA(Baseline):
    """The leading principal components.

    Args:
        dims: how many.
        whiten: whether each is divided by its deviation; neighbours mind, a linear probe does it itself.
    """

    own_encoder = True
    seeded = False

    def __init__(self, *, dims: Count = 128, whiten: bool = False) -> None:
        self.dims, self.whiten = dims, whiten

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        _, channels, size, _ = given.pictures.shape
        mean, vectors, variances = principal_components(
            Pixels(channels=channels, size=size)(given.pictures)
        )
        if self.whiten:
            vectors = vectors / variances.sqrt()
        vectors = vectors[:, : self.dims]
        found = Projection(channels=channels, size=size, dims=vectors.shape[1])
        found.set(mean, vectors)
        return {"pca": found}
