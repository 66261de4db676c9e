"""SupCon (Khosla et al., 2020), https://arxiv.org/abs/2004.11362, equation 2.

    h = f(views)   z = g(h)   pull all views of all pictures of a class together, push the other classes apart

It learns from labels, as the supervised reference does, but by SimCLR's loss: with every label different it
*is* SimCLR. A picture without a label has its own other views as positives and all else as negatives. Of the
paper's two losses this is L_out, the better one, averaged over rows where the paper sums. Defaults are the
paper's for ImageNet (section 4.4). The authors' code multiplies by temperature / 0.07; here the factor is 1.
Any number of views is the paper's own definition, so all views of a batch meet in one loss, not in pairs.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather, rank
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.contrast import log_sum_exp
from selftaught.parts.heads import mlp
from selftaught.types import Positive, Widths


@in_float32
def supcon(
    z: Float[Tensor, "v p"], kinds: Int64[Tensor, " v"], temperature: float
) -> Float[Tensor, ""]:
    """Eq. 2, L_out, averaged over the rows: those of one kind are each other's positives, itself left out.

    The mean over a row's positives of its products with them is its product with their mean.
    """
    z = F.normalize(z, dim=-1)
    everyone, all_kinds = gather(z), gather(kinds)  # [w v, p] with gradients, [w v]
    me = torch.arange(len(z), device=z.device) + rank() * len(z)
    positive = (z * mean_of_kin(everyone, all_kinds)[me]).sum(dim=-1) / temperature
    return (log_sum_exp(z, everyone, temperature, without=me[:, None]) - positive).mean()


def mean_of_kin(z: Float[Tensor, "v p"], kinds: Int64[Tensor, " v"]) -> Float[Tensor, "v p"]:
    """The mean of the other rows of each row's kind."""
    order = kinds.sort().values
    first, end = torch.searchsorted(order, kinds), torch.searchsorted(order, kinds, right=True)
    total = torch.zeros_like(z).index_add(0, first, z)[first]  # each kind's sum
    return (total - z) / (end - first - 1)[:, None]


def kinds_of(labels: Int64[Tensor, " n"]) -> Int64[Tensor, " n"]:
    """Labels, and for each picture without one (-1) a kind of its own, below zero."""
    alone = -1 - torch.arange(len(labels), device=labels.device) - rank() * len(labels)
    return torch.where(labels >= 0, labels, alone)


class SupCon(Method):
    """Each view against all other views, with its class as positives.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        temperature: T; the smaller, the more the nearest negatives count.
    """

    needs = Needs(views=2, more=True, preset="symmetric", labels=True)

    def __init__(
        self,
        encoder: Encoder,
        classes: int,
        *,
        projector: Widths = (2048, 128),
        temperature: Positive = 0.1,
    ) -> None:
        super().__init__(encoder)  # how many classes there are does not matter
        self.projector = mlp(encoder.dim, *projector, norm=False)
        self.temperature = temperature

    def forward(self, batch: Batch) -> Outputs:
        assert batch.labels is not None
        h = self.encoder(torch.cat(batch.views))  # [v n, d]: all views share batch statistics
        z = self.projector(h)
        kinds = kinds_of(batch.labels).repeat(len(batch.views))
        losses = {"supcon": supcon(z, kinds, self.temperature)}
        return Outputs(losses, features=h, projections=z)
