"""W-MSE (Ermolov et al., 2021), https://arxiv.org/abs/2007.06346, section 3.

    w = whitened z, over random slices of the batch   2 - 2 cos(w_i, w_j)   over all pairs of views

Whitened embeddings cannot all be one point, so agreement is all that is asked. Defaults are the authors'
command for CIFAR-10 (they give none for ImageNet). Like their code, each view is whitened by itself, with
slices that all views share; the encoder sees the views one by one and the projector all together. Two
differences: a slice size that does not divide the batch gives slices somewhat larger, and over several ranks
the slices are drawn from the whole batch.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_pairs
from selftaught.parts.whitening import slices, whiten
from selftaught.types import Count, Share, Widths


@in_float32
def whitened_mse(
    z: Float[Tensor, "v n p"],
    words: Int64[Tensor, "n i"],
    slice_size: int,
    shrinkage: float,
    normalise: bool = True,
) -> Float[Tensor, ""]:
    """Squared distance of whitened vectors, averaged over pairs of views and slicings.

    Normalised it is 2 - 2 cos; else the mean over the dimensions. Either way unrelated views give 2.
    """
    scale = 1 if normalise else z.shape[-1]
    losses = []
    for order in words.T:
        white = [whiten(z[:, rows], shrinkage) for rows in slices(order, slice_size)]
        w = torch.cat(white, dim=1)  # [v, n, p], shuffled alike in all views
        w = F.normalize(w, dim=-1) if normalise else w
        apart = mean_over_pairs(lambda a, b: (a - b).square().sum(-1).mean(), list(w))
        losses.append(apart / scale)
    return torch.stack(losses).mean()


class WMSE(Method):
    """Whitened views agree. With ``normalise`` a few rows of a short slice can carry all the variance while the
    others agree on one point: a low loss that says nothing.

    Args:
        projector: widths of the layers of g; the last is what is whitened, slice_size / 2 at most.
        slice_size: pictures whitened together, at most the batch; more make the covariance surer.
        iterations: slicings of a batch, over which the loss is averaged.
        shrinkage: share of the identity in the covariance; 0 whitens fully, more steadies small slices.
        normalise: whether whitened vectors are compared by direction or, False, as they are (``--no_norm``).
    """

    needs = Needs(views=2, more=True, preset="symmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (1024, 64),
        slice_size: Count = 128,
        iterations: Count = 1,
        shrinkage: Share = 0.0,
        normalise: bool = True,
    ) -> None:
        super().__init__(encoder)
        if slice_size < 2 * projector[-1]:
            raise Refusal(
                f"wmse: slice_size={slice_size} pictures are too few to whiten {projector[-1]} dimensions; "
                f"give slice_size={2 * projector[-1]} or more, or a projector that ends narrower."
            )
        self.projector = mlp(encoder.dim, *projector, last_bias=False)  # whitening removes a bias
        self.slice_size, self.iterations, self.shrinkage = slice_size, iterations, shrinkage
        self.normalise = normalise
        self.least_batch = slice_size

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        """A word for each picture; their order is the permutation that is cut into slices."""
        return {"order": keys.bits("slices", self.iterations)}

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = self.projector(torch.cat(h))
        every = torch.stack([gather(x) for x in z.chunk(len(h))])  # [v, w n, p], with gradients
        order = gather(batch.draws["order"])
        loss = whitened_mse(every, order, self.slice_size, self.shrinkage, self.normalise)
        return Outputs({"whitened_mse": loss}, features=torch.cat(h), projections=z)
