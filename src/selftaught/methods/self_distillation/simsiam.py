"""SimSiam (Chen and He, 2021), https://arxiv.org/abs/2011.10566, Algorithm 1.

    z = g(f(v))   p = q(z)   predict across views: -cos(p, z'), no gradient through z'

It is BYOL whose teacher is the student itself. Defaults are the paper's for ImageNet (sections 3 and 4);
the predictor's rate does not decay (table 1c). Two deviations: the hidden layers of the projector are as wide
as ``projector`` says, not as the encoder, and the encoder's residual branches do not begin at zero.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.batch import Batch, Needs, ParameterGroup
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import check_ends, mlp
from selftaught.parts.pairs import mean_over_crossings
from selftaught.types import Positive, Widths


@in_float32
def negative_cosine(p: Float[Tensor, "n p"], z: Float[Tensor, "n p"]) -> Float[Tensor, ""]:
    """Eq. 1: -cos, averaged over the batch; both directions' mean (eq. 2) is (BYOL's loss - 4) / 4."""
    return -F.cosine_similarity(p, z, dim=-1).mean()


class SimSiam(Method):
    """A student with a predictor, which is its own teacher.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        predictor: widths of the layers of the predictor q; ends as the projector does.
        stop_gradient: False lets the gradient through z'; it collapses (section 4.1).
        predict: False leaves the predictor out; it collapses (table 1a).
        predictor_rate: factor on the predictor's rate, which stays constant.
    """

    needs = Needs(views=2, more=True, preset="weak")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (2048, 2048, 2048),
        predictor: Widths = (512, 2048),
        stop_gradient: bool = True,
        predict: bool = True,
        predictor_rate: Positive = 1.0,
    ) -> None:
        super().__init__(encoder)
        if predict:
            check_ends("simsiam", projector, predictor)
        # The last norm has no scale and no offset: every dimension of z has variance 1.
        self.projector = mlp(
            encoder.dim, *projector, last_norm=True, last_affine=False, last_bias=False
        )
        self.predictor = mlp(projector[-1], *predictor) if predict else nn.Identity()
        self.stop_gradient, self.predictor_rate = stop_gradient, predictor_rate

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        p = [self.predictor(x) for x in z]
        targets = [x.detach() for x in z] if self.stop_gradient else z
        loss = mean_over_crossings(negative_cosine, p, targets) / 2
        return Outputs({"negative_cosine": loss}, features=torch.cat(h), projections=torch.cat(z))

    def parameter_groups(self) -> Iterator[ParameterGroup]:
        yield ParameterGroup([*self.encoder.parameters(), *self.projector.parameters()])
        yield ParameterGroup(self.predictor.parameters(), self.predictor_rate, constant=True)
