"""Context prediction (Doersch et al., 2015), https://arxiv.org/abs/1505.05192, section 3.

    nine tiles of a picture, the centre and eight around it   which of the eight places has each?

A view is cut into 3 x 3 tiles, which go through the encoder together; the centre is in eight pairs, as a tile
of the authors' grid may be (section 3, implementation), and late fusion follows (figure 3). Guessing gives
the score ``accuracy`` 1/8. Deviations: the centre of a pair is the view's; colours are dropped from the whole
picture, not tile by tile, and become their mean, without noise; no tile is made coarser at random; tiles take
their size from the view, and small ones are enlarged (``parts/tiles.py``).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.encoders import Encoder, PatchEncoder
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs
from selftaught.methods.pretext.rotnet import cross_entropy
from selftaught.parts.heads import mlp
from selftaught.parts.scores import accuracy
from selftaught.parts.tiles import readable, tiles, whole_side
from selftaught.types import Fraction, Share, Widths

CENTRE, CELLS, PLACES = 4, 9, 8


def one_colour(
    v: Float[Tensor, "n c h w"], u: Float[Tensor, "n 2"], drop: float
) -> Float[Tensor, "n c h w"]:
    """Section 3.1: of some pictures only one colour stays; the others become their mean, which is 0."""
    if v.shape[1] != 3 or not drop:
        return v
    lost = (u[:, :1] < drop) & ((u[:, 1:] * 3).long() != torch.arange(3, device=v.device))
    return v.masked_fill(lost[:, :, None, None], 0.0)


class Context(Method):
    """A classifier of where a second tile lies, taught with the encoder.

    Args:
        classifier: widths of the hidden layers that join the two tiles' features.
        gap: between tiles, in sides of a tile; at 0 lines run on, by which the place can be told.
        jitter: of each tile's place either way, in sides of a tile; the authors' 7 pixels in 96.
        drop: share of pictures that keep one colour of three; at 0 a lens' fringes can tell the place.
    """

    needs = Needs(views=1, preset="pretext")

    def __init__(
        self,
        encoder: Encoder,
        *,
        classifier: Widths = (4096, 4096),
        gap: Share = 0.5,
        jitter: Share = 0.073,
        drop: Fraction = 1.0,
    ) -> None:
        super().__init__(encoder)
        self.classifier = mlp(2 * encoder.dim, *classifier, PLACES)
        self.gap, self.jitter, self.drop = gap, jitter, drop
        self.patch = encoder.patch if isinstance(encoder, PatchEncoder) else 1

    def side(self, size: int) -> int:
        """Side of a tile: three of them, two gaps and the jitter at both ends fill the view."""
        return whole_side(size / (3 + 2 * self.gap + 2 * self.jitter), size, "context")

    def check_side(self, side: int) -> None:
        self.side(side)

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        return {
            "jitter": keys.uniform("tile jitter", 2 * CELLS).view(-1, CELLS, 2),
            "colour": keys.uniform("colour", 2),
        }

    def forward(self, batch: Batch) -> Outputs:
        (v,) = batch.views
        side = self.side(v.shape[-1])
        reach = round(self.jitter * side)
        step = (v.shape[-1] - side - 2 * reach) // 2
        cell = torch.arange(CELLS, device=v.device)
        shift = ((2 * batch.draws["jitter"] - 1) * reach).round().long() + reach  # [n, 9, 2]
        top, left = cell // 3 * step + shift[..., 0], cell % 3 * step + shift[..., 1]
        cut = tiles(one_colour(v, batch.draws["colour"], self.drop), top, left, side)
        h = self.encoder(readable(cut.transpose(0, 1), self.patch)).view(CELLS, len(v), -1)
        around = torch.cat([h[:CENTRE], h[CENTRE + 1 :]])  # [8, n, d]
        logits = self.classifier(
            torch.cat([h[CENTRE].expand_as(around), around], dim=2).flatten(0, 1)
        )
        place = torch.arange(PLACES, device=v.device).repeat_interleave(len(v))
        return Outputs(
            {"cross_entropy": cross_entropy(logits, place)},
            features=h[CENTRE],
            scores={"accuracy": accuracy(logits, place)},
        )
