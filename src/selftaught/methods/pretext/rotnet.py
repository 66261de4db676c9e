"""RotNet (Gidaris et al., 2018), https://arxiv.org/abs/1803.07728, equations 1 to 3.

    v rotated by 0, 90, 180 and 270 degrees   which of the four was it?

To say which way is up the network must know what it sees. All four rotations of a picture are in one batch
(section 3.1). Guessing gives the score ``accuracy`` 1/4. Deviation: the classifier is one linear layer on the
features that are kept; the authors keep those of an earlier layer, because the last ones specialise in the
task.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.scores import accuracy

TURNS = 4


@in_float32
def cross_entropy(logits: Float[Tensor, "n k"], classes: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
    """Eq. 2: -log of the probability of what was done, averaged over rotations and pictures."""
    return F.cross_entropy(logits, classes)


def rotations(v: Float[Tensor, "n c s s"]) -> Float[Tensor, "r c s s"]:
    """Each picture four times: as it is, then turned counter-clockwise by 90, 180 and 270 degrees."""
    return torch.cat([torch.rot90(v, turns, (2, 3)) for turns in range(TURNS)])


class RotNet(Method):
    """A linear classifier of four rotations, taught with the encoder."""

    needs = Needs(views=1, preset="pretext")

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.classifier = nn.Linear(encoder.dim, TURNS)

    def forward(self, batch: Batch) -> Outputs:
        (v,) = batch.views
        h = self.encoder(rotations(v))  # [4n, d]: all rotations share batch statistics
        logits = self.classifier(h)
        turns = torch.arange(TURNS, device=v.device).repeat_interleave(len(v))
        return Outputs(
            {"cross_entropy": cross_entropy(logits, turns)},
            features=h[: len(v)],  # of the upright pictures
            scores={"accuracy": accuracy(logits, turns)},
        )
