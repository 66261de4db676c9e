"""MoCo v3 (Chen et al., 2021), https://arxiv.org/abs/2104.02057, Algorithm 1.

    q = p(g(f(v)))   k = g'(f'(v')), a slow copy   q must pick its key out of the batch's keys, both ways

The queue is gone: negatives are the other pictures' keys, of all ranks. Defaults are the authors' code's for
ResNet-50; for ViTs they take ``projector=4096,4096,256``, ``temperature=0.2`` and AdamW, and freeze the patch
projection (section 4.2). Their ViT has fixed sine positions; ours learns them unless ``encoder.positions`` is
fixed.
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
from selftaught.parts.teacher import Teacher
from selftaught.schedules import cosine
from selftaught.types import Momentum, Positive, Widths


@in_float32
def contrast(
    q: Float[Tensor, "n p"], k: Float[Tensor, "n p"], temperature: float
) -> Float[Tensor, ""]:
    """Algorithm 1's ctr, averaged over the batch: 2 T times the cross-entropy of picking the own key."""
    q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    positive = (q * k).sum(dim=-1) / temperature
    return 2 * temperature * (log_sum_exp(q, gather(k), temperature) - positive).mean()


class MoCoV3(Method):
    """Queries against a teacher's keys of the batch.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        predictor: widths of the layers of the predictor p; ends as the projector does.
        temperature: T of the softmax over the keys; the loss is multiplied by 2 T.
        momentum: the teacher's, at the start and the end; (0, 0) copies the student, (1, 1) never moves.
        predictor_norm: whether batch-norm ends the predictor as well, as the authors have it for ViTs.
        freeze_patches: whether a ViT's patch projection stays as it was drawn; False trains it, less steadily.
    """

    needs = Needs(views=2, more=True, preset="asymmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (4096, 256),
        predictor: Widths = (4096, 256),
        temperature: Positive = 1.0,
        momentum: Momentum = (0.99, 1.0),
        predictor_norm: bool = False,
        freeze_patches: bool = True,
    ) -> None:
        super().__init__(encoder)
        check_ends("mocov3", projector, predictor)
        ends = {"last_affine": False, "last_bias": False}
        self.projector = mlp(encoder.dim, *projector, last_norm=True, **ends)
        self.predictor = mlp(projector[-1], *predictor, last_norm=predictor_norm, **ends)
        self.teacher = Teacher(encoder, self.projector)
        self.temperature, self.momentum = temperature, momentum
        cut = encoder.patch_projection()
        if freeze_patches and cut is not None:
            cut.requires_grad_(False)

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(v) for v in batch.views]  # one batch of statistics per view
        z = [self.projector(x) for x in h]
        q = [self.predictor(x) for x in z]
        k = [self.teacher(v) for v in batch.views]  # no gradient
        loss = mean_over_crossings(lambda a, b: contrast(a, b, self.temperature), q, k)
        return Outputs({"contrast": loss}, features=torch.cat(h), projections=torch.cat(z))

    def after_step(self, outputs: Outputs, progress: float) -> None:
        momentum = cosine(*self.momentum, progress)
        self.teacher.follow(self.encoder, self.projector, momentum=momentum)
