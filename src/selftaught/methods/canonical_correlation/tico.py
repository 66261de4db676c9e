"""TiCo (Zhu et al., 2022), https://arxiv.org/abs/2206.10698, Algorithm 1.

    C = beta C_before + (1 - beta) z' z / n   1 - cos(z, t) + rho z C z'   t from an average of past students

z and t have unit length. The second term pushes an embedding away from directions that many others took,
lately: C is a memory of them, and the gradient flows through this batch's part of it. Defaults are Lightly's
for ImageNet (others take rho = 8). Algorithm 1 shows the teacher one view only; here both networks see both.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_crossings
from selftaught.parts.teacher import Teacher
from selftaught.schedules import cosine
from selftaught.types import Fraction, Momentum, NotNegative, Widths


@in_float32
def invariance(z: Float[Tensor, "n p"], t: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """First term: half the squared distance of unit vectors, averaged over the batch."""
    return (1 - F.cosine_similarity(z, t, dim=-1)).mean()


@in_float32
def second_moment(
    z: Float[Tensor, "v p"], before: Float[Tensor, "p p"], beta: float
) -> Float[Tensor, "p p"]:
    """C_t = beta C_(t-1) + (1 - beta) z'z / n: over unit vectors and around nought."""
    everyone = F.normalize(gather(z), dim=-1)
    return beta * before + (1 - beta) * everyone.T @ everyone / len(everyone)


@in_float32
def contrast(z: Float[Tensor, "v p"], c: Float[Tensor, "p p"]) -> Float[Tensor, ""]:
    """Second term without rho: z C z', averaged over the batch."""
    z = F.normalize(z, dim=-1)
    return ((z @ c) * z).sum(dim=-1).mean()


class TiCo(Method):
    """Agreement with a teacher, and repulsion from what was common lately.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        beta: memory of C: 0 knows this batch alone, 1 learns nothing, so that rho is without effect.
        rho: weight of the second term; 0 leaves agreement alone, which may collapse.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
    """

    needs = Needs(views=2, more=True, preset="asymmetric")
    c: Tensor

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (4096, 256),
        beta: Fraction = 0.9,
        rho: NotNegative = 20.0,
        momentum: Momentum = (0.99, 1.0),
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector, last_bias=False)
        self.teacher = Teacher(encoder, self.projector)
        self.register_buffer("c", torch.zeros(projector[-1], projector[-1]))
        self.beta, self.rho, self.momentum = beta, rho, momentum

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        t = [self.teacher(v) for v in batch.views]  # no gradient
        every = torch.cat(z)
        c = second_moment(every, self.c, self.beta)
        losses = {
            "invariance": mean_over_crossings(invariance, z, t) / 2,
            "contrast": self.rho * contrast(every, c),
        }
        return Outputs(losses, torch.cat(h), projections=every, memo={"c": c.detach()})

    def after_step(self, outputs: Outputs, progress: float) -> None:
        self.c.copy_(outputs.memo["c"])
        self.teacher.follow(self.encoder, self.projector, momentum=cosine(*self.momentum, progress))
