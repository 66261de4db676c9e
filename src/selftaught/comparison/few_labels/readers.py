"""Reading an encoder with a few labels: each labelled picture is judged by all the others.

A reader takes features of n pictures, their labels, what each of them stands for (its weight), and how often
each was drawn, in one bootstrap or many: [r, n]. It answers who is classified rightly by the others that were
drawn, weighted; all copies of a picture are left out together. What it says of pictures that were not drawn
is of no use.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from selftaught.evaluation.knn import NEIGHBOURS, TEMPERATURE

Drawn = Float64[Tensor, "r n"]
Reader = Callable[
    [Float[Tensor, "n d"], Int64[Tensor, " n"], Float64[Tensor, " n"], Drawn], Bool[Tensor, "r n"]
]
"""(features, labels, weights, how often each was drawn) to right or wrong."""

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
ABSENT = 1e-6
"""How much a picture counts that a bootstrap did not draw; nothing, to six digits."""

AT_ONCE = 100
"""Bootstraps that are worked on together: 100 of 200 pictures take some 30 MB."""


def knn(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    weights: Float64[Tensor, " n"],
    drawn: Drawn,
) -> Bool[Tensor, "r n"]:
    """The protocol ``knn`` among the labelled pictures: its k, its temperature.

    A picture is as many of the k as it weighs, on average one: the neighbours reach as far as they would among
    pictures that were drawn evenly.
    """
    known = F.normalize(features.double(), dim=-1)
    likeness = (known @ known.T).fill_diagonal_(-torch.inf)
    values, near = likeness.sort(dim=1, descending=True, stable=True)
    values, near = values[:, :-1], near[:, :-1]  # the last is the picture itself
    votes = ((values - values[:, :1]) / TEMPERATURE).exp()
    named = F.one_hot(labels)[near].double()  # [n, n - 1, classes]

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
) -> Bool[Tensor, "r n"]:
    """Weighted ridge regression on the classes, in closed form (``evaluation/ridge.py``), leave-one-out.

    With A the Gram matrix of the standardised features plus one for the offset, W the weights and
    M = A + l W^-1, the prediction for a picture that was left out is y - (M^-1 y) / diag(M^-1) (Allen's PRESS,
    1974). The strength l is that of the smallest squared error of these predictions when every picture is drawn
    once; accuracy, which is reported, chooses nothing.
    """
    known = features.double()
    mean, deviation = known.mean(0), known.std(0, correction=0)
    moves = deviation > torch.finfo(torch.float32).eps * known.abs().amax(0)
    known = (known - mean)[:, moves] / deviation[moves]
    gram = known @ known.T / max(known.shape[1], 1) + 1
    targets = 2 * F.one_hot(labels).double() - 1

    def said(counts: Drawn, strength: float) -> Float64[Tensor, "r n c"]:
        counts = (counts / counts.mean(-1, keepdim=True)).clamp_min(ABSENT)
        inverse = torch.linalg.inv(gram + torch.diag_embed(strength / counts))
        found: Tensor = targets - inverse @ targets / inverse.diagonal(dim1=-2, dim2=-1)[..., None]
        return found

    def missed(strength: float) -> float:
        errors = (said(weights[None], strength) - targets).square()
        return float((weights[:, None] * errors).sum())

    strength = min(STRENGTHS, key=missed)
    parts = [said(part * weights, strength).argmax(-1) for part in torch.split(drawn, AT_ONCE)]
    return torch.cat(parts).eq(labels)


READERS: dict[str, Reader] = {"linear": linear, "knn": knn}
"""In the order in which they are told; the first ranks."""
