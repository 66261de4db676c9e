"""BYOL (Grill et al., 2020), https://arxiv.org/abs/2006.07733, Algorithm 1.

    student: q(g(f(v)))   teacher: g'(f'(v')), an average of past students   predict across views

Defaults are the paper's for ImageNet (section 3.3). ``momentum`` is (start, end): the teacher is the
student itself at (0, 0) and never moves at (1, 1). Two things are off by default because the paper has
neither: ``projector_norm`` ends the projector with batch-norm without scale and offset, as SimSiam's
and MoCo v3's do (an offset would let a prediction of the mean alone lower the loss), and
``predictor_rate`` lets the predictor learn faster than the rest (Tian et al., 2021, arXiv 2102.06810).
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs, ParameterGroup
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import mlp
from selftaught.parts.pairs import mean_over_crossings
from selftaught.parts.teacher import Teacher
from selftaught.schedules import cosine
from selftaught.types import Momentum, Positive, Widths


@in_float32
def regression(p: Float[Tensor, "n p"], t: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 2: squared distance of unit vectors, 2 - 2 cos, averaged over the batch."""
    return (2 - 2 * F.cosine_similarity(p, t, dim=-1)).mean()


class BYOL(Method):
    needs = Needs(views=2, more=True, preset="asymmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (4096, 256),
        predictor: Widths = (4096, 256),
        momentum: Momentum = (0.996, 1.0),
        projector_norm: bool = False,
        predictor_rate: Positive = 1.0,
    ) -> None:
        super().__init__(encoder)
        if predictor[-1] != projector[-1]:
            raise Refusal(
                f"byol: the predictor ends in {predictor[-1]} and the projector in {projector[-1]}; "
                "one predicts the other, so give both the same last width."
            )
        self.projector = mlp(
            encoder.dim, *projector, last_bias=False, last_norm=projector_norm, last_affine=False
        )
        self.predictor = mlp(projector[-1], *predictor, last_bias=False)
        self.teacher = Teacher(encoder, self.projector)
        self.momentum, self.predictor_rate = momentum, predictor_rate

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        p = [self.predictor(x) for x in z]
        t = [self.teacher(v) for v in batch.views]  # no gradient
        losses = {"regression": mean_over_crossings(regression, p, t)}
        return Outputs(losses, features=torch.cat(h), projections=torch.cat(z))

    def parameter_groups(self) -> Iterator[ParameterGroup]:
        yield ParameterGroup([*self.encoder.parameters(), *self.projector.parameters()])
        yield ParameterGroup(self.predictor.parameters(), rate=self.predictor_rate)

    def after_step(self, outputs: Outputs, progress: float) -> None:
        momentum = cosine(*self.momentum, progress)
        self.teacher.follow(self.encoder, self.projector, momentum=momentum)
