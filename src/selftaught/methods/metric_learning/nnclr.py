"""NNCLR (Dwibedi et al., 2021), https://arxiv.org/abs/2104.14548, section 3.2.

    z = g(f(v))   p = q(z)   the positive of p+ is the nearest neighbour of z in a queue of past pictures

The neighbour is of the *other* view, and the queue is read before this batch is written to it: else each
picture would find itself. Every other prediction of the batch is a negative. As in the authors' pseudocode
the loss is the mean of both directions and only the first view is queued; no gradient passes through the
neighbour. Defaults are the paper's for ImageNet (section 4.1).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.contrast import log_sum_exp
from selftaught.parts.heads import check_ends, mlp
from selftaught.parts.pairs import mean_over_crossings
from selftaught.parts.queue import Queue
from selftaught.types import Length, Positive, Widths


@torch.no_grad()
@in_float32
def nearest(z: Float[Tensor, "n p"], queue: Float[Tensor, "m p"]) -> Float[Tensor, "n p"]:
    """The row of the queue at the smallest angle to each z; of an empty queue, z itself."""
    z = F.normalize(z, dim=-1)
    return queue[(z @ queue.T).argmax(dim=1)] if len(queue) else z


@in_float32
def contrast(
    p: Float[Tensor, "n p"], neighbours: Float[Tensor, "n p"], temperature: float
) -> Float[Tensor, ""]:
    """Averaged over the batch: each neighbour must pick its own prediction out of all of them."""
    p = F.normalize(p, dim=-1)
    positive = (neighbours * p).sum(dim=-1) / temperature
    return (log_sum_exp(neighbours, gather(p), temperature) - positive).mean()


class NNCLR(Method):
    """Predictions against neighbours from a queue.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        predictor: widths of the layers of the predictor q; ends as the projector does.
        temperature: T of the softmax over the batch's predictions.
        queue: past projections to choose from; 0 takes the other view itself, held still.
    """

    needs = Needs(views=2, more=True, preset="asymmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (2048, 2048, 256),
        predictor: Widths = (4096, 256),
        temperature: Positive = 0.1,
        queue: Length = 98304,
    ) -> None:
        super().__init__(encoder)
        check_ends("nnclr", projector, predictor)
        self.projector = mlp(encoder.dim, *projector, last_norm=True, last_bias=False)
        self.predictor = mlp(projector[-1], *predictor)
        self.queue = Queue(queue, projector[-1])
        self.temperature = temperature

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        p = [self.predictor(x) for x in z]
        found = [nearest(x, self.queue.rows) for x in z]
        loss = mean_over_crossings(lambda a, b: contrast(a, b, self.temperature), p, found) / 2
        memo = {"rows": F.normalize(z[0].detach().float(), dim=-1)}
        return Outputs({"contrast": loss}, torch.cat(h), torch.cat(z), memo)

    def after_step(self, outputs: Outputs, progress: float) -> None:
        self.queue.push(outputs.memo["rows"])
