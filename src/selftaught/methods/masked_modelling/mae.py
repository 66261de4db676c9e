"""MAE (He et al., 2022), https://arxiv.org/abs/2111.06377, section 3.

    encode the quarter of the patches that is seen   decode from it the pixels of those that are not

The encoder never sees a hidden patch, so it runs on a quarter; a small decoder is thrown away after training.
The loss is the squared error of hidden patches, each normalised by its own mean and deviation. The score
``explained`` is the share of their variance that is guessed; guessing the mean gives 0. Defaults are the
paper's for ImageNet. Deviations: positions are learnt unless ``encoder.positions`` is fixed; the decoder
answers for hidden patches alone, whose values are the same; ``features`` are of the visible patches, which
costs nothing. Section 4.1 probes the class token.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.encoders import PatchEncoder
from selftaught.encoders.vit import Block
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.decoder import Decoder
from selftaught.parts.masking import hidden_count, subset
from selftaught.parts.scores import explained
from selftaught.parts.tiles import levelled, patches, take
from selftaught.types import Count, Share


@in_float32
def reconstruction(g: Float[Tensor, "n m p"], x: Float[Tensor, "n m p"]) -> Float[Tensor, ""]:
    """Mean squared error, averaged over pixels, hidden patches and pictures."""
    return F.mse_loss(g, x)


class MAE(Method):
    """An encoder of visible patches and a decoder of hidden ones.

    Args:
        mask: share of patches that is hidden.
        width: of the decoder.
        depth: blocks of the decoder.
        heads: of attention in the decoder.
        normalise: whether each patch is a target by its own mean and deviation; False takes plain pixels.
    """

    needs = Needs(views=1, tokens=True, preset="masked")
    encoder: PatchEncoder

    def __init__(
        self,
        encoder: PatchEncoder,
        *,
        mask: Share = 0.75,
        width: Count = 512,
        depth: Count = 8,
        heads: Count = 16,
        normalise: bool = True,
    ) -> None:
        super().__init__(encoder)
        self.hidden = hidden_count(mask, encoder.grid**2, "mae")
        pixels = encoder.recipe["channels"] * encoder.patch**2
        blocks = (Block(width, heads) for _ in range(depth))
        self.decoder = Decoder(encoder.dim, width, pixels, encoder.grid, *blocks)
        self.normalise = normalise

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        keep, hide = subset(keys, self.encoder.grid**2, self.hidden)
        return {"keep": keep, "hide": hide}

    def forward(self, batch: Batch) -> Outputs:
        (v,), keep, hide = batch.views, batch.draws["keep"], batch.draws["hide"]
        h = self.encoder.tokens(v, keep=keep)  # [n, 1 + k, d], the class token first
        guesses = self.decoder(h, keep, hide)  # [n, m, p]
        pixels = take(patches(v, self.encoder.patch), hide)
        target = levelled(pixels) if self.normalise else pixels
        return Outputs(
            {"reconstruction": reconstruction(guesses, target)},
            features=self.encoder.pooled(h),
            scores={"explained": explained(guesses, target)},
        )
