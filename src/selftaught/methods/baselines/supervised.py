"""Supervised (cross-entropy on the labels). No paper: what the same network learns when it is told.

It sees labels and says so; it stands in the table as a reference, never as a contestant.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.false_labels import replaced
from selftaught.types import Fraction, Share


@in_float32
def cross_entropy(
    logits: Float[Tensor, "n k"], labels: Int64[Tensor, " n"], smoothing: float
) -> Float[Tensor, ""]:
    """Averaged over the pictures that have a label (-1 is none)."""
    return F.cross_entropy(logits, labels, ignore_index=-1, label_smoothing=smoothing)


class Supervised(Method):
    """A linear classifier on the encoder, taught with it.

    Args:
        smoothing: share of each label that is spread evenly over all classes.
        noise: share of the labels that are replaced by one of any class, for studies of false labels.
    """

    needs = Needs(views=1, preset="supervised", labels=True)

    def __init__(
        self, encoder: Encoder, classes: int, *, smoothing: Fraction = 0.0, noise: Share = 0.0
    ) -> None:
        super().__init__(encoder)
        self.classifier = nn.Linear(encoder.dim, classes)
        self.smoothing, self.noise = smoothing, noise

    def forward(self, batch: Batch) -> Outputs:
        (views,) = batch.views
        assert batch.labels is not None
        h = self.encoder(views)
        logits = self.classifier(h)  # [n, k]
        labels = batch.labels
        if self.noise:
            choices = torch.arange(self.classifier.out_features, device=labels.device)
            labels = replaced(labels, batch.index, self.noise, choices)
        # Of all ranks: each may have another number of labels, or none.
        everyone = gather(logits), gather(labels)
        losses = {"cross_entropy": cross_entropy(*everyone, self.smoothing)}
        return Outputs(losses, features=h)
