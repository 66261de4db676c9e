"""SwAV (Caron et al., 2020), https://arxiv.org/abs/2006.09882, Algorithm 1 and appendix A.

    q = balanced assignment of one full view to prototypes   every other view predicts q: -q log p

Assignments use all prototypes evenly (Sinkhorn), which is what prevents collapse. Defaults are the paper's
for ImageNet; as in the authors' code the head sees all crops together and prototypes are brought back to
unit length after each step. There are two queues, for odd and for even views.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.assignment import Balanced
from selftaught.parts.heads import mlp
from selftaught.parts.prototypes import Prototypes
from selftaught.types import Count, Fraction, Length, Positive, Widths


@in_float32
def swapped_prediction(
    scores: Float[Tensor, "n k"], q: Float[Tensor, "n k"], temperature: float
) -> Float[Tensor, ""]:
    """Eq. 2: cross-entropy of a view's scores and another view's assignment."""
    return -(q * (scores / temperature).log_softmax(dim=-1)).sum(dim=-1).mean()


class SwAV(Method):
    """Assignments of one view, predicted from the others.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        prototypes: how many.
        temperature: of the prediction p.
        epsilon: of the assignment q: the smaller, the harder.
        iterations: rounds of Sinkhorn's balancing.
        queue: projections balanced with the batch's; 0 is none, 3840 suits batches of 256.
        queue_start: share of training after which the queue is read.
        frozen: share of training, at the beginning, in which prototypes stand still.
    """

    needs = Needs(views=2, more=True, small=6, preset="symmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (2048, 128),
        prototypes: Count = 3000,
        temperature: Positive = 0.1,
        epsilon: Positive = 0.05,
        iterations: Count = 3,
        queue: Length = 0,
        queue_start: Fraction = 0.075,
        frozen: Fraction = 0.00125,
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector)
        self.prototypes = Prototypes(prototypes, projector[-1])
        self.assign = nn.ModuleList(
            Balanced(queue, projector[-1], epsilon=epsilon, iterations=iterations) for _ in range(2)
        )
        self.temperature, self.queue_start, self.frozen = temperature, queue_start, frozen

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(x) for x in batch.by_size()]  # all crops of one size together
        z = self.projector(torch.cat(h)).chunk(len(batch.views) + len(batch.small))
        scores = [self.prototypes(x) for x in z]
        terms = []
        for i in range(len(batch.views)):
            q = self.assign[i % 2](scores[i], self.prototypes)
            others = [s for j, s in enumerate(scores) if j != i]
            terms += [swapped_prediction(s, q, self.temperature) for s in others]
        losses = {"swapped_prediction": torch.stack(terms).mean()}
        memo = {"one": z[0].detach(), "two": z[1].detach()}
        return Outputs(losses, h[0], torch.cat(z[: len(batch.views)]), memo)

    def after_backward(self, progress: float) -> None:
        if progress < self.frozen:
            self.prototypes.weight.grad = None  # not even momentum or decay moves them

    def after_step(self, outputs: Outputs, progress: float) -> None:
        self.prototypes.normalise()
        for assign, z in zip(self.assign, outputs.memo.values(), strict=True):
            assert isinstance(assign, Balanced)
            assign.push(z, read=progress >= self.queue_start)
