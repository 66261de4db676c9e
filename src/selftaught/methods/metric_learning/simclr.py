"""SimCLR (Chen et al., 2020), https://arxiv.org/abs/2002.05709, Algorithm 1.

    h = f(views)   z = g(h)   pull the two views of a picture together, push all others apart

Defaults are the paper's for ImageNet (section 4.2, table 5). Both layers of the
projector are followed by batch-norm, as in the authors' code; the paper's text does not say. The last has a
scale there and no offset; ours has both.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather, rank
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.contrast import log_sum_exp
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_pairs
from selftaught.types import Positive, Widths


@in_float32
def nt_xent(z: Float[Tensor, "v p"], temperature: float) -> Float[Tensor, ""]:
    """Eq. 1, averaged over the batch. Rows i and i + n are one picture, v = 2n; all others are negatives."""
    z = F.normalize(z, dim=-1)
    everyone = gather(z)  # [w v, p], with gradients
    me = torch.arange(len(z), device=z.device)[:, None] + rank() * len(z)
    positive = (z * z.roll(len(z) // 2, dims=0)).sum(dim=-1) / temperature
    return (log_sum_exp(z, everyone, temperature, without=me) - positive).mean()


class SimCLR(Method):
    """Each view against all other views of the batch.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        temperature: T; the smaller, the more the nearest negatives count.
    """

    needs = Needs(views=2, more=True, preset="symmetric")

    def __init__(
        self, encoder: Encoder, *, projector: Widths = (2048, 128), temperature: Positive = 0.1
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector, last_norm=True, last_bias=False)
        self.temperature = temperature

    def forward(self, batch: Batch) -> Outputs:
        h = self.encoder(torch.cat(batch.views))  # [2n, d]: all views share batch statistics
        z = self.projector(h)  # [2n, p]
        views = z.chunk(len(batch.views))
        loss = mean_over_pairs(lambda a, b: nt_xent(torch.cat([a, b]), self.temperature), views)
        return Outputs({"nt_xent": loss}, features=h, projections=z)
