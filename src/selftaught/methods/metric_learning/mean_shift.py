"""Mean shift (Koohpayegani et al., 2021), https://arxiv.org/abs/2105.07269, section 3.

    p = q(g(f(v)))   t = g'(f'(v')), a slow copy   bring p near the k nearest neighbours of t

It stands with metric learning because it pulls different *pictures* together, though it pushes nothing apart.
As in the authors' code neighbours are searched among this batch's targets and the queue together, so t is
always its own first neighbour; but theirs has the batch overwrite the queue's oldest rows first, and shuffles
the targets between GPUs. Defaults are their code's for ImageNet.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs, ParameterGroup
from selftaught.distributed import gather, rank
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import check_ends, mlp
from selftaught.parts.pairs import mean_over_directions, sides
from selftaught.parts.queue import Queue
from selftaught.parts.teacher import Teacher
from selftaught.parts.whitening import White
from selftaught.schedules import cosine
from selftaught.types import Count, Length, Momentum, Positive, Steps, Widths


@in_float32
def mean_shift(
    p: Float[Tensor, "n p"], t: Float[Tensor, "n p"], queue: Float[Tensor, "m p"], k: int
) -> Float[Tensor, ""]:
    """2 - 2 cos of p and the k nearest of t, averaged over neighbours and batch."""
    p, t = F.normalize(p, dim=-1), F.normalize(t, dim=-1)
    bank = torch.cat([gather(t), queue])  # [w n + m, p]
    me = torch.arange(len(t), device=t.device)[:, None] + rank() * len(t)
    near = (t @ bank.T).scatter(1, me, 2.0)  # above any cosine: itself comes first
    found = near.topk(min(k, len(bank)), dim=1).indices
    return (2 - 2 * (p[:, None] * bank[found]).sum(dim=-1)).mean()


class MeanShift(Method):
    """Predictions near the teacher's answer and its neighbours.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        predictor: widths of the layers of the predictor q; ends as the projector does.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
        queue: past targets among which neighbours are searched; 0 searches the batch alone.
        k: neighbours, the target itself being the first; 1 is BYOL.
        symmetric: False has the first view predict the others (the authors'); True takes both directions' mean.
        predictor_rate: factor of the predictor's learning rate.
        whitening: steps towards white targets, as ``byol`` has them; 0, the authors', for none.
    """

    needs = Needs(views=2, more=True, preset="weak")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (4096, 512),
        predictor: Widths = (4096, 512),
        momentum: Momentum = (0.99, 0.99),
        queue: Length = 128000,
        k: Count = 5,
        symmetric: bool = False,
        predictor_rate: Positive = 1.0,
        whitening: Steps = 0,
    ) -> None:
        super().__init__(encoder)
        check_ends("mean_shift", projector, predictor)
        self.projector = mlp(encoder.dim, *projector)
        self.predictor = mlp(projector[-1], *predictor)
        self.teacher = Teacher(encoder, self.projector)
        self.queue = Queue(queue, projector[-1])
        self.momentum, self.k, self.symmetric = momentum, k, symmetric
        self.white, self.predictor_rate = White(whitening), predictor_rate

    def forward(self, batch: Batch) -> Outputs:
        def loss(p: Tensor, t: Tensor) -> Tensor:
            return mean_shift(p, t, self.queue.rows, self.k)

        seen, taught = sides(batch.views, both=self.symmetric)
        h = [self.encoder(v) for v in seen]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        p = [self.predictor(x) for x in z]
        t = [self.teacher(v) for v in taught]  # no gradient
        t = self.white(torch.cat(t)).chunk(len(t))
        value = mean_over_directions(loss, p, t, both=self.symmetric)
        memo = {"rows": F.normalize(torch.cat(t).float(), dim=-1)}
        return Outputs({"mean_shift": value}, torch.cat(h), torch.cat(z), memo)

    def parameter_groups(self) -> Iterator[ParameterGroup]:
        yield ParameterGroup([*self.encoder.parameters(), *self.projector.parameters()])
        yield ParameterGroup(self.predictor.parameters(), rate=self.predictor_rate)

    def after_step(self, outputs: Outputs, progress: float) -> None:
        momentum = cosine(*self.momentum, progress)
        self.teacher.follow(self.encoder, self.projector, momentum=momentum)
        self.queue.push(outputs.memo["rows"])
