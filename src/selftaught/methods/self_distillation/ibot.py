"""iBOT (Zhou et al., 2022), https://arxiv.org/abs/2111.07832, Algorithm 1.

    class token: DINO   hidden patches: say what the teacher, who sees them, says of the same patch

Defaults are the authors' for ViT-S/16, but for the shares of training of ``teacher_warmup`` and ``hold``, which
are DINO's at 300 epochs; ``sinkhorn`` and ``koleo`` are DINOv2's, as in ``dino``. Deviations: DINO's, and one
teacher's temperature for both tokens.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.encoders import PatchEncoder
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.methods.self_distillation.dino import distillation, spreading
from selftaught.parts.centre import Sharpener
from selftaught.parts.heads import prototype_head
from selftaught.parts.masking import blocks
from selftaught.parts.teacher import Teacher, prototype_teacher
from selftaught.schedules import cosine
from selftaught.types import Count, Fraction, Momentum, Positive, Share, Steps, Widths


@in_float32
def masked(
    t: Float[Tensor, "m p k"], s: Float[Tensor, "m p k"], hidden: Bool[Tensor, "m p"], heat: float
) -> Float[Tensor, ""]:
    """Eq. 2: H(t, s) averaged over a view's hidden patches (0 where there are none), then over views."""
    every = -(t * (s / heat).log_softmax(dim=-1)).sum(dim=-1)  # [m, p]
    return ((every * hidden).sum(dim=1) / hidden.sum(dim=1).clamp(min=1)).mean()


class IBOT(Method):
    """DINO's student and teacher, for hidden patches too.

    Args:
        projector: widths of the layers before the prototypes, the last being the bottleneck.
        prototypes: how many.
        temperature: the student's.
        teacher_temperature: the teacher's, before and after its warm-up; lower is sharper.
        teacher_warmup: share of training in which the teacher's temperature moves, in a straight line.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
        sinkhorn: rounds of balancing in the centre's stead, of class tokens and of hidden patches, as DINOv2
            has it (3); 0 for none.
        koleo: weight of features' spread over the sphere, a mean over views; DINOv2 has a sum of two, so that
            its 0.1 is 0.2 here; 0 for none.
        whitening: steps towards a white bottleneck of the teacher's, as ``byol`` has them; 0 for none.
        hidden: smallest and largest share of a view's patches that is hidden; (0, 0) hides none, which is DINO.
        hold: share of training, at the beginning, in which the last layer stands still.
    """

    needs = Needs(views=2, small=10, tokens=True, preset="asymmetric")
    encoder: PatchEncoder

    def __init__(
        self,
        encoder: PatchEncoder,
        *,
        projector: Widths = (2048, 2048, 256),
        prototypes: Count = 8192,
        temperature: Positive = 0.1,
        teacher_temperature: tuple[Positive, Positive] = (0.04, 0.07),
        teacher_warmup: Share = 0.1,
        momentum: Momentum = (0.996, 1.0),
        sinkhorn: Steps = 0,
        koleo: Fraction = 0.0,
        whitening: Steps = 0,
        hidden: tuple[Fraction, Fraction] = (0.1, 0.5),
        hold: Share = 0.0033,
    ) -> None:
        super().__init__(encoder)
        self.head = prototype_head(encoder.dim, *projector, count=prototypes)
        self.teacher = Teacher(encoder)
        self.teacher_head = prototype_teacher(self.head, whitening)
        self.sharpen = Sharpener(prototypes, teacher_temperature, teacher_warmup, sinkhorn)
        self.sharpen_patches = Sharpener(prototypes, teacher_temperature, teacher_warmup, sinkhorn)
        self.stand_in = nn.Parameter(torch.zeros(encoder.dim))  # of hidden patches
        self.heat, self.momentum, self.koleo, self.hold = temperature, momentum, koleo, hold
        self.hidden = hidden

    @property
    def kept(self) -> PatchEncoder:
        return self.teacher.network[0]  # type: ignore[return-value]

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        masks = [blocks(keys, self.encoder.grid, self.hidden, view=v, never=0.5) for v in (0, 1)]
        return {"hidden": torch.stack(masks, dim=1)}  # [n, v, p]

    def forward(self, batch: Batch) -> Outputs:
        (full, *small), v, n = batch.by_size(), len(batch.views), len(batch.index)
        hidden = batch.draws["hidden"].transpose(0, 1).flatten(0, 1)  # [v n, p]
        x = self.encoder.tokens(full, replace=(hidden, self.stand_in))
        s = self.head(torch.cat([x[:, 0], *(self.encoder.tokens(c)[:, 0] for c in small)]))
        with torch.no_grad():  # each kind of token is white by itself
            h = self.kept.tokens(full)
            t, u = self.teacher_head(h[:, 0]), self.teacher_head(h[:, 1:])  # [v n, k], [v n, p, k]
        token = distillation(self.sharpen(t).view(v, n, -1), s.view(-1, n, t.shape[1]), self.heat)
        patches = masked(self.sharpen_patches(u, hidden), self.head(x[:, 1:]), hidden, self.heat)
        losses = {"class_token": token, "patches": patches} | spreading(x[:, 0], v, self.koleo)
        return Outputs(losses, self.kept.pooled(h), s[: v * n], {"tokens": t, "patches": u.mean(1)})

    def after_backward(self, progress: float) -> None:
        if progress < self.hold:
            self.head[-1].zero_grad()

    def after_step(self, outputs: Outputs, progress: float) -> None:
        momentum = cosine(*self.momentum, progress)
        self.teacher.follow(self.encoder, momentum=momentum)
        self.teacher_head.follow(self.head, momentum=momentum)
        self.sharpen.follow(outputs.memo["tokens"], progress)
        self.sharpen_patches.follow(outputs.memo["patches"], progress)
