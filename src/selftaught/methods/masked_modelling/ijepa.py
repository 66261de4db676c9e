"""I-JEPA (Assran et al., 2023), https://arxiv.org/abs/2301.08243, section 3.

    encode a context   predict, for four blocks outside it, what a slower encoder says of the whole picture

Targets are the teacher's last tokens, layer-normed, without gradient; the teacher is kept. Features are the
mean of the patches, so the recipes say ``encoder.pool`` mean. The score ``explained`` is the share of the
targets' variance that is predicted. Defaults are the paper's for ViT-B/16 (appendix A.1); smooth L1 is the
code's, where the text says L2. Deviations: positions are learnt unless ``encoder.positions`` is fixed;
a class token, which the predictor does not see; the context's size (``parts/masking.py``); scale and aspect
drawn apart; a constant weight decay; the predictor's layers begin as MAE's (Xavier).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.encoders import PatchEncoder
from selftaught.encoders.vit import Block
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.decoder import Decoder
from selftaught.parts.masking import context_and_targets
from selftaught.parts.scores import explained
from selftaught.parts.teacher import Teacher
from selftaught.parts.tiles import take
from selftaught.schedules import rise
from selftaught.types import Count, Fraction, Momentum, Positive


@in_float32
def prediction(g: Float[Tensor, "n m d"], t: Float[Tensor, "n m d"]) -> Float[Tensor, ""]:
    """Smooth L1 (a square below 1, straight above), averaged over everything."""
    return F.smooth_l1_loss(g, t)


class IJEPA(Method):
    """A context encoder, a predictor and a teacher.

    Args:
        width: of the predictor.
        depth: blocks of the predictor.
        heads: of attention in the predictor.
        targets: blocks to predict in each picture.
        scale: smallest and largest share of the picture that a block takes.
        aspects: smallest and largest height / width of a block.
        context: smallest and largest share of the context before the blocks are taken out.
        momentum: the teacher's, rising in a straight line; (0, 0) copies the student, (1, 1) never moves.
    """

    needs = Needs(views=1, tokens=True, preset="masked")
    encoder: PatchEncoder

    def __init__(
        self,
        encoder: PatchEncoder,
        *,
        width: Count = 384,
        depth: Count = 6,
        heads: Count = 12,
        targets: Count = 4,
        scale: tuple[Fraction, Fraction] = (0.15, 0.2),
        aspects: tuple[Positive, Positive] = (0.75, 1.5),
        context: tuple[Fraction, Fraction] = (0.85, 1.0),
        momentum: Momentum = (0.996, 1.0),
    ) -> None:
        super().__init__(encoder)
        if encoder.grid**2 <= targets:
            raise Refusal(
                f"ijepa: {targets} targets fill a grid of {encoder.grid} by {encoder.grid}; enlarge views.size."
            )
        blocks = (Block(width, heads) for _ in range(depth))
        self.predictor = Decoder(encoder.dim, width, encoder.dim, encoder.grid, *blocks)
        self.teacher, self.momentum = Teacher(encoder), momentum
        self.count, self.scale, self.aspects, self.context = targets, scale, aspects, context

    @property
    def kept(self) -> PatchEncoder:
        return self.teacher.network[0]  # type: ignore[return-value]

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        how = {"scale": self.scale, "aspects": self.aspects, "context": self.context}
        context, targets = context_and_targets(keys, self.encoder.grid, count=self.count, **how)
        return {"context": context, "targets": targets}

    def forward(self, batch: Batch) -> Outputs:
        (v,), context, targets = batch.views, batch.draws["context"], batch.draws["targets"]
        with torch.no_grad():
            h = self.kept.tokens(v)  # [n, 1 + p, d]
        t = take(F.layer_norm(h[:, 1:].float(), h.shape[-1:]), targets.flatten(1))  # [n, t a, d]
        z = self.encoder.tokens(v, keep=context)[:, 1:].repeat_interleave(self.count, dim=0)
        each = context.repeat_interleave(self.count, dim=0)
        g = self.predictor(z, each, targets.flatten(0, 1)).view_as(t)  # block by block
        losses, scores = {"prediction": prediction(g, t)}, {"explained": explained(g, t)}
        return Outputs(losses, features=self.kept.pooled(h), scores=scores)

    def after_step(self, outputs: Outputs, progress: float) -> None:
        self.teacher.follow(self.encoder, momentum=rise(*self.momentum, progress, until=1.0))
