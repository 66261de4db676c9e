"""DCL (Yeh et al., 2022), https://arxiv.org/abs/2110.06848, section 3.

    -z . z+ / T + log sum over negatives of exp(z . z- / T)   SimCLR without the positive below the line

In SimCLR a positive that is already close shrinks the gradient of all negatives, the more so the smaller the
batch; here the two no longer touch. All else is as in our ``simclr``, so that the two compare.
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
def decoupled(z: Float[Tensor, "v p"], temperature: float) -> Float[Tensor, ""]:
    """Averaged over the batch where the paper sums. Rows i and i + n are one picture, v = 2n."""
    z = F.normalize(z, dim=-1)
    everyone = gather(z)  # [w v, p], with gradients
    me = torch.arange(len(z), device=z.device) + rank() * len(z)
    own = torch.stack([me.roll(len(z) // 2), me], dim=1)  # [v, 2]: the partner and itself
    positive = (z * z.roll(len(z) // 2, dims=0)).sum(dim=-1) / temperature
    return (log_sum_exp(z, everyone, temperature, without=own) - positive).mean()


class DCL(Method):
    """SimCLR without the positive below the line.

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
        h = self.encoder(torch.cat(batch.views))  # [v n, d]: all views share batch statistics
        z = self.projector(h)
        views = z.chunk(len(batch.views))
        loss = mean_over_pairs(lambda a, b: decoupled(torch.cat([a, b]), self.temperature), views)
        return Outputs({"decoupled": loss}, features=h, projections=z)
