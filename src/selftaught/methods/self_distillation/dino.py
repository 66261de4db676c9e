"""DINO (Caron et al., 2021), https://arxiv.org/abs/2104.14294, Algorithm 1.

    the student, shown any crop, predicts what the teacher says of the full views;
    the teacher's answers are centred (no favourite prototype) and sharpened (no shrug)

Defaults are the authors' for ImageNet at 300 epochs; ``sinkhorn`` and ``koleo``, off by default, are
DINOv2's (Oquab et al., 2024, https://arxiv.org/abs/2304.07193, section 4). Deviations: the last layer's
rows are always of unit length (theirs are not for ViT-S), temperature and hold go by the step, gradients are
not clipped, weight decay is constant (theirs rises), and no layer is dropped at random.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.centre import Sharpener
from selftaught.parts.heads import prototype_head
from selftaught.parts.spread import koleo
from selftaught.parts.teacher import Teacher, prototype_teacher
from selftaught.schedules import cosine
from selftaught.types import Count, Fraction, Momentum, Positive, Share, Steps, Widths


@in_float32
def distillation(
    t: Float[Tensor, "v n k"], s: Float[Tensor, "c n k"], temperature: float
) -> Float[Tensor, ""]:
    """Eq. 3: mean of H(t, s) over pairs of a full view and another crop; s begins with the full views."""
    log = F.log_softmax(s / temperature, dim=-1)
    every = -torch.einsum("vnk,cnk->vc", t, log) / s.shape[1]
    others = torch.ones_like(every).fill_diagonal_(0)  # no view predicts itself
    return (every * others).sum() / others.sum()


def spreading(x: Float[Tensor, "vn d"], v: int, weight: float) -> dict[str, Tensor]:
    """DINOv2's third loss (Oquab et al., 2024, section 4), of the student's features, where it has a weight."""
    return {"spread": weight * koleo(x.view(v, -1, x.shape[1]))} if weight else {}


class DINO(Method):
    """A student and a teacher that share out prototypes.

    Args:
        projector: widths of the layers before the prototypes, the last being the bottleneck.
        prototypes: how many.
        projector_norm: batch-norm in the projector, as the authors have it for ResNets alone.
        temperature: the student's.
        teacher_temperature: the teacher's, before and after its warm-up; lower is sharper.
        teacher_warmup: share of training in which the teacher's temperature moves, in a straight line.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
        centring: False leaves the teacher's answers where they are; it collapses (section 5.3).
        sinkhorn: rounds of balancing in the centre's stead, as DINOv2 has it (3); 0 for none.
        koleo: weight of features' spread over the sphere, a mean over views; DINOv2 has a sum of two, so that
            its 0.1 is 0.2 here; 0 for none.
        whitening: steps towards a white bottleneck of the teacher's, as ``byol`` has them; 0 for none.
        hold: share of training, at the beginning, in which the last layer stands still.
    """

    needs = Needs(views=2, more=True, small=8, preset="asymmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (2048, 2048, 256),
        prototypes: Count = 65536,
        projector_norm: bool = False,
        temperature: Positive = 0.1,
        teacher_temperature: tuple[Positive, Positive] = (0.04, 0.07),
        teacher_warmup: Share = 0.1,
        momentum: Momentum = (0.996, 1.0),
        centring: bool = True,
        sinkhorn: Steps = 0,
        koleo: Fraction = 0.0,
        whitening: Steps = 0,
        hold: Share = 0.0033,
    ) -> None:
        super().__init__(encoder)
        self.head = prototype_head(encoder.dim, *projector, count=prototypes, norm=projector_norm)
        self.teacher = Teacher(encoder)
        self.teacher_head = prototype_teacher(self.head, whitening)
        self.sharpen = Sharpener(
            prototypes, teacher_temperature, teacher_warmup, sinkhorn, centring
        )
        self.temperature, self.momentum, self.hold = temperature, momentum, hold
        self.koleo = koleo

    @property
    def kept(self) -> Encoder:
        """The teacher's encoder, which is the better of the two (section 5.2)."""
        return self.teacher.network[0]  # type: ignore[return-value]

    def forward(self, batch: Batch) -> Outputs:
        crops, v, n = batch.by_size(), len(batch.views), len(batch.index)
        x = torch.cat([self.encoder(each) for each in crops])  # statistics of each size
        s = self.head(x)
        h = self.teacher(crops[0])  # no gradient
        raw = self.teacher_head(h)
        t = self.sharpen(raw)
        loss = distillation(t.view(v, n, -1), s.view(-1, n, s.shape[1]), self.temperature)
        losses = {"distillation": loss} | spreading(x[: v * n], v, self.koleo)
        return Outputs(losses, h, projections=s[: v * n], memo={"raw": raw})

    def after_backward(self, progress: float) -> None:
        if progress < self.hold:
            self.head[-1].zero_grad()

    def after_step(self, outputs: Outputs, progress: float) -> None:
        momentum = cosine(*self.momentum, progress)
        self.teacher.follow(self.encoder, momentum=momentum)
        self.teacher_head.follow(self.head, momentum=momentum)
        self.sharpen.follow(outputs.memo["raw"], progress)
