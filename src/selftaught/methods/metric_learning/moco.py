"""MoCo v2 (He et al., 2020; Chen et al., 2020), https://arxiv.org/abs/2003.04297, https://arxiv.org/abs/1911.05722.

    q = g(f(v))   k = g'(f'(v')), a slow copy   q must pick its key out of a queue of past keys

Algorithm 1 of the first paper, projector, temperature and views of the second. The authors shuffle keys between
GPUs: a query that shares batch statistics with its key, but not with the queue, is told by them. On one device
``splits`` plays the GPUs: parts of the batch with statistics of their own, others for keys than for queries.
Across ranks the shuffle stays within each.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.contrast import log_sum_exp
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_directions, sides
from selftaught.parts.queue import Queue
from selftaught.parts.teacher import Teacher
from selftaught.schedules import cosine
from selftaught.types import Count, Length, Momentum, Positive, Widths


@in_float32
def info_nce(
    q: Float[Tensor, "n p"], k: Float[Tensor, "n p"], past: Float[Tensor, "m p"], temperature: float
) -> Float[Tensor, ""]:
    """Eq. 1, averaged over the batch: the negatives are the queue alone."""
    q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    positive = (q * k).sum(dim=-1) / temperature
    negatives = log_sum_exp(q, past, temperature)
    return (torch.logaddexp(positive, negatives) - positive).mean()


class MoCo(Method):
    """Queries against a teacher's keys, past ones as negatives.

    Args:
        projector: widths of the layers of the projector g, the last being the keys'.
        projector_norm: batch-norm in the projector, as SimCLR has it; MoCo v2 has none, and starts slower.
        temperature: T; the smaller, the more the nearest negatives count.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
        queue: past keys, which are all the negatives there are; not 0.
        splits: parts of the batch with statistics of their own, two pictures or more; 1 gives the keys away.
        symmetric: False has the first view predict the others (the authors'); True takes both directions' mean.
    """

    needs = Needs(views=2, more=True, preset="weak")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (2048, 128),
        projector_norm: bool = False,
        temperature: Positive = 0.2,
        momentum: Momentum = (0.999, 0.999),
        queue: Length = 65536,
        splits: Count = 8,
        symmetric: bool = False,
    ) -> None:
        super().__init__(encoder)
        if not queue:
            raise Refusal(
                "moco: queue=0 leaves no negatives; give queue=4096, or mocov3, whose negatives are the batch."
            )
        self.projector = mlp(
            encoder.dim,
            *projector,
            norm=projector_norm,
            last_norm=projector_norm,
            last_affine=False,
        )
        self.teacher, self.momentum = Teacher(encoder, self.projector), momentum
        self.queue, self.temperature = Queue(queue, projector[-1]), temperature
        self.splits, self.symmetric = splits, symmetric

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        """A word for each picture; their order is the shuffle of the keys."""
        return {"order": keys.bits("shuffle_norm")}

    def in_parts(self, network: nn.Module, x: Tensor) -> Tensor:
        """What a network makes of a batch whose parts have statistics of their own."""
        parts = x.tensor_split(max(min(self.splits, len(x) // 2), 1))
        return torch.cat([network(part) for part in parts])

    def forward(self, batch: Batch) -> Outputs:
        past, t = self.queue.rows, self.temperature
        seen, taught = sides(batch.views, both=self.symmetric)
        order = batch.draws["order"][:, 0].argsort(stable=True)
        back = order.argsort()
        h = [self.in_parts(self.encoder, v) for v in seen]
        q = [self.in_parts(self.projector, x) for x in h]
        k = [self.in_parts(self.teacher, v[order])[back] for v in taught]  # no gradient
        loss = mean_over_directions(lambda a, b: info_nce(a, b, past, t), q, k, both=self.symmetric)
        memo = {"rows": F.normalize(torch.cat(k).float(), dim=-1)}
        return Outputs({"info_nce": loss}, torch.cat(h), torch.cat(q), memo)

    def after_step(self, outputs: Outputs, progress: float) -> None:
        self.teacher.follow(self.encoder, self.projector, momentum=cosine(*self.momentum, progress))
        self.queue.push(outputs.memo["rows"])
