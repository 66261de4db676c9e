"""SimMIM (Xie et al., 2022), https://arxiv.org/abs/2111.09886, section 3.

    put a learnt token in place of hidden patches   say their pixels from their own tokens, linearly

The encoder runs on all places; squares of ``unit`` by ``unit`` patches (32 px on ImageNet) are hidden whole,
because single patches are guessed from their neighbours. The loss is the absolute error of hidden pixels. The
score ``explained`` is the share of their variance that is guessed; guessing the mean gives 0. Defaults are
the paper's for ViT-B/16. Deviations: learnt absolute positions where the authors share a relative bias; no
stochastic depth. The loss does not read the class token, so the recipes take the mean of the patches as
features (``encoder.pool``); ``features`` are of the masked pictures.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.encoders import PatchEncoder
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.masking import hidden_count, units
from selftaught.parts.scores import explained
from selftaught.parts.tiles import levelled, patches, take
from selftaught.types import Count, Share


@in_float32
def reconstruction(g: Float[Tensor, "n m p"], x: Float[Tensor, "n m p"]) -> Float[Tensor, ""]:
    """Mean absolute error, averaged over pixels, hidden patches and pictures."""
    return F.l1_loss(g, x)


class SimMIM(Method):
    """An encoder of all places and a linear layer to pixels.

    Args:
        mask: share of the picture that is hidden.
        unit: side of a hidden square, in patches; it divides the grid, and 1 hides single patches.
        normalise: whether each patch is a target by its own mean and deviation, as for MAE; not in the paper.
    """

    needs = Needs(views=1, tokens=True, preset="masked")
    encoder: PatchEncoder

    def __init__(
        self, encoder: PatchEncoder, *, mask: Share = 0.6, unit: Count = 2, normalise: bool = False
    ) -> None:
        super().__init__(encoder)
        if encoder.grid % unit:
            raise Refusal(
                f"simmim hides squares of unit={unit} patches a side, which do not divide a grid of "
                f"{encoder.grid}; give unit=1, or a views.size that is a multiple of "
                f"{unit * encoder.patch}."
            )
        self.unit, self.normalise = unit, normalise
        self.hidden = hidden_count(mask, (encoder.grid // unit) ** 2, "simmim")
        self.stand_in = nn.Parameter(torch.zeros(encoder.dim))  # of a hidden patch
        nn.init.trunc_normal_(self.stand_in, std=0.02)
        self.head = nn.Linear(encoder.dim, encoder.recipe["channels"] * encoder.patch**2)

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        return {"hide": units(keys, self.encoder.grid, self.unit, self.hidden)}

    def forward(self, batch: Batch) -> Outputs:
        (v,), hide = batch.views, batch.draws["hide"]
        pixels = patches(v, self.encoder.patch)  # [n, p, d]
        hidden = torch.zeros(pixels.shape[:2], dtype=torch.bool, device=v.device)
        hidden = hidden.scatter(1, hide, True)
        h = self.encoder.tokens(v, replace=(hidden, self.stand_in))
        guesses = self.head(take(h[:, 1:], hide))
        target = take(levelled(pixels) if self.normalise else pixels, hide)
        return Outputs(
            {"reconstruction": reconstruction(guesses, target)},
            features=self.encoder.pooled(h),
            scores={"explained": explained(guesses, target)},
        )
