"""Jigsaw (Noroozi and Favaro, 2016), https://arxiv.org/abs/1603.09246, section 3 and Algorithm 1.

    nine tiles of a picture, shuffled by one of P permutations   which permutation was it?

Each tile is cut at random from its cell of a 3 x 3 grid, normalised by itself so that
brightness does not tell the place, and encoded alone; the head sees all nine in their shuffled order. The
permutations lie far apart (``parts/permutations.py``). Guessing gives the score ``accuracy`` 1/P. Deviations:
the next permutation maximises the smallest distance, then the sum, where the authors maximise the sum; colour
channels are not shifted against each other; the share of grey pictures (0.3) is the recipes'
``views.grayscale``; tiles take their size from the view, and small ones are
enlarged (``parts/tiles.py``).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.encoders import Encoder, PatchEncoder
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs
from selftaught.methods.pretext.rotnet import cross_entropy
from selftaught.parts.heads import mlp
from selftaught.parts.permutations import far_apart
from selftaught.parts.scores import accuracy
from selftaught.parts.tiles import readable, tiles, whole_side
from selftaught.types import Count, Fraction, Widths

TILES = 9


def normalised(x: Float[Tensor, "n t c s s"]) -> Float[Tensor, "n t c s s"]:
    """Every channel of every tile with mean 0 and deviation 1."""
    x = x - x.mean(dim=(3, 4), keepdim=True)
    return x / (x.square().mean(dim=(3, 4), keepdim=True) + 1e-5).sqrt()


class Jigsaw(Method):
    """A classifier of the permutation of nine tiles, taught with the encoder.

    Args:
        permutations: P, how many; more are harder to tell apart.
        projector: widths of the layers on each tile's features, shared by the nine.
        classifier: widths of the hidden layers that join the nine.
        tile: side of a tile, in sides of its cell (64 of 75 px); 1 leaves no gap, and lines run on.
    """

    needs = Needs(views=1, preset="pretext")
    permutations: Tensor

    def __init__(
        self,
        encoder: Encoder,
        *,
        permutations: Count = 1000,
        projector: Widths = (512,),
        classifier: Widths = (4096,),
        tile: Fraction = 0.853,
    ) -> None:
        super().__init__(encoder)
        self.register_buffer("permutations", far_apart(permutations, TILES))  # [P, 9]
        self.projector = nn.Sequential(mlp(encoder.dim, *projector), nn.ReLU())
        self.classifier = mlp(TILES * projector[-1], *classifier, permutations)
        self.tile = tile
        self.patch = encoder.patch if isinstance(encoder, PatchEncoder) else 1

    def side(self, size: int) -> int:
        """Side of a tile: the share ``tile`` of a third of the view."""
        return whole_side(self.tile * (size // 3), size, "jigsaw")

    def check_side(self, side: int) -> None:
        self.side(side)

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        which = keys.bits("permutation", 1)[:, 0] % len(self.permutations)
        return {"which": which, "corner": keys.uniform("corner", 2 * TILES).view(-1, TILES, 2)}

    def forward(self, batch: Batch) -> Outputs:
        (v,), which = batch.views, batch.draws["which"]
        cell, side = v.shape[-1] // 3, self.side(v.shape[-1])
        corner = (batch.draws["corner"] * (cell - side + 1)).long()  # [n, 9, 2] within the cell
        place = torch.arange(TILES, device=v.device)
        top, left = place // 3 * cell + corner[..., 0], place % 3 * cell + corner[..., 1]
        order = self.permutations[which]  # [n, 9]
        shuffled = tiles(v, top.gather(1, order), left.gather(1, order), side)
        h = self.encoder(readable(normalised(shuffled), self.patch))  # [9n, d]
        logits = self.classifier(self.projector(h).view(len(v), -1))
        return Outputs(
            {"cross_entropy": cross_entropy(logits, which)},
            features=h.view(len(v), TILES, -1).mean(dim=1),  # of a picture's tiles
            scores={"accuracy": accuracy(logits, which)},
        )
