"""BYOL (Grill et al., 2020), https://arxiv.org/abs/2006.07733, Algorithm 1.

    student: q(g(f(v)))   teacher: g'(f'(v')), an average of past students   predict across views

Defaults are the paper's for ImageNet (section 3.3). ``projector_norm``, ``predictor_rate`` and
``whitening`` are off by default because its recipe has none of them; it raises the predictor's rate in an
ablation (section 5). (The norm has no offset, because
one would let a prediction of the mean alone lower the loss. Hua et al., 2021,
https://arxiv.org/abs/2105.00470, whiten both sides and have no predictor; here targets alone are.)
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs, ParameterGroup
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import check_ends, mlp
from selftaught.parts.pairs import mean_over_crossings
from selftaught.parts.teacher import Teacher
from selftaught.parts.whitening import White
from selftaught.schedules import cosine
from selftaught.types import Momentum, Positive, Steps, Widths


@in_float32
def regression(p: Float[Tensor, "n p"], t: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 2: squared distance of unit vectors, 2 - 2 cos, averaged over the batch."""
    return (2 - 2 * F.cosine_similarity(p, t, dim=-1)).mean()


class BYOL(Method):
    """A student with a predictor, and a teacher.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        predictor: widths of the layers of the predictor q; ends as the projector does.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
        projector_norm: whether the projector ends in batch-norm without scale and offset, as SimSiam's does.
        predictor_rate: factor of the predictor's learning rate (Tian et al., 2021, arXiv 2102.06810).
        whitening: steps towards white targets, so that what varies most is not nearly all there is to
            predict; 0 for none.
    """

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
        whitening: Steps = 0,
    ) -> None:
        super().__init__(encoder)
        check_ends("byol", projector, predictor)
        self.projector = mlp(
            encoder.dim, *projector, last_bias=False, last_norm=projector_norm, last_affine=False
        )
        self.predictor = mlp(projector[-1], *predictor, last_bias=False)
        self.teacher = Teacher(encoder, self.projector)
        self.white, self.momentum, self.predictor_rate = White(whitening), momentum, predictor_rate

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        p = [self.predictor(x) for x in z]
        t = torch.cat([self.teacher(v) for v in batch.views])  # no gradient
        t = self.white(t).chunk(len(p))  # together: two of a picture stay as near as they are
        losses = {"regression": mean_over_crossings(regression, p, t)}
        return Outputs(losses, features=torch.cat(h), projections=torch.cat(z))

    def parameter_groups(self) -> Iterator[ParameterGroup]:
        yield ParameterGroup([*self.encoder.parameters(), *self.projector.parameters()])
        yield ParameterGroup(self.predictor.parameters(), rate=self.predictor_rate)

    def after_step(self, outputs: Outputs, progress: float) -> None:
        momentum = cosine(*self.momentum, progress)
        self.teacher.follow(self.encoder, self.projector, momentum=momentum)
