"""Reading an encoder with a few labels: each labelled picture is judged by all that are not of its group.

A reader takes features of n pictures, their labels, what each of them stands for (its weight), how often each
was drawn, in one bootstrap or many: [r, n], and the group of each; a picture without one is a group by itself.
It answers who is classified rightly by the others that were drawn, weighted; a picture's whole group (a
patient, a burst) is left out with it, all copies too: mates look alike, and would tell of the patient and not
of the class. What it says of pictures that were not drawn is of no use.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from selftaught.evaluation.knn import NEIGHBOURS, TEMPERATURE

Drawn = Float64[Tensor, "r n"]
Groups = Int64[Tensor, " n"] | None
"""Each picture's group; None where each is one by itself."""

Reader = Callable[
    [Float[Tensor, "n d"], Int64[Tensor, " n"], Float64[Tensor, " n"], Drawn, Groups],
    Bool[Tensor, "r n"],
]
"""(features, labels, weights, how often each was drawn, groups) to right or wrong."""

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
ABSENT = 1e-6
"""How much a picture counts that a bootstrap did not draw; nothing, to six digits."""

AT_ONCE = 100
"""Bootstraps that are worked on together: 100 of 200 pictures take some 30 MB."""


def mates(n: int, groups: Groups) -> Bool[Tensor, "n n"]:
    """Which pictures are left out together with each: those of its group, and itself."""
    own = torch.arange(n) if groups is None else groups
    return own[:, None] == own


def knn(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    weights: Float64[Tensor, " n"],
    drawn: Drawn,
    groups: Groups = None,
) -> Bool[Tensor, "r n"]:
    """The protocol ``knn`` among the labelled pictures: its k, its temperature.

    A picture is as many of the k as it weighs, on average one: the neighbours reach as far as they would among
    pictures that were drawn evenly.
    """
    known = F.normalize(features.double(), dim=-1)
    likeness = (known @ known.T).masked_fill(mates(len(known), groups), -torch.inf)
    # Mates and the picture itself come last, and exp(-inf) gives them no vote.
    values, near = likeness.sort(dim=1, descending=True, stable=True)
    votes = ((values - values[:, :1]) / TEMPERATURE).exp()
    named = F.one_hot(labels)[near].double()  # [n, n, classes]

    each = weights / weights.mean()

    def right(copies: Drawn) -> Tensor:
        m = (copies * each)[:, near]
        voters = torch.minimum(m, (NEIGHBOURS - (m.cumsum(-1) - m)).clamp_min(0))
        said = torch.einsum("rij,ijc->ric", voters * votes, named)
        return said.argmax(-1) == labels

    return torch.cat([right(part) for part in torch.split(drawn, AT_ONCE)])


def linear(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    weights: Float64[Tensor, " n"],
    drawn: Drawn,
    groups: Groups = None,
) -> Bool[Tensor, "r n"]:
    """Weighted ridge regression on the classes, in closed form (``evaluation/ridge.py``), leave-one-group-out.

    With A the Gram matrix of the standardised features plus one for the offset, W the weights and
    M = A + l W^-1, the predictions for pictures that were left out together are y - B^-1 (M^-1 y), B being
    M^-1 with zeros wherever two pictures are of different groups; for groups of one, its diagonal (Allen's
    PRESS, 1974). The strength l is that of the smallest squared error of these predictions when every picture
    is drawn once; accuracy, which is reported, chooses nothing.
    """
    known = features.double()
    mean, deviation = known.mean(0), known.std(0, correction=0)
    moves = deviation > torch.finfo(torch.float32).eps * known.abs().amax(0)
    known = (known - mean)[:, moves] / deviation[moves]
    gram = known @ known.T / max(known.shape[1], 1) + 1
    targets = 2 * F.one_hot(labels).double() - 1
    together = mates(len(known), groups)

    def said(counts: Drawn, strength: float) -> Float64[Tensor, "r n c"]:
        counts = (counts / counts.mean(-1, keepdim=True)).clamp_min(ABSENT)
        inverse = torch.linalg.inv(gram + torch.diag_embed(strength / counts))
        found: Tensor = targets - torch.linalg.solve(inverse * together, inverse @ targets)
        return found

    def missed(strength: float) -> float:
        errors = (said(weights[None], strength) - targets).square()
        return float((weights[:, None] * errors).sum())

    strength = min(STRENGTHS, key=missed)
    parts = [said(part * weights, strength).argmax(-1) for part in torch.split(drawn, AT_ONCE)]
    return torch.cat(parts).eq(labels)


READERS: dict[str, Reader] = {"linear": linear, "knn": knn}
"""In the order in which they are told; the first ranks."""
