"""The health of features, read without labels: how many directions they use, and how evenly.

A collapsed encoder gives every picture the same feature, or features along a few directions alone.
These numbers are read beside those of the untrained encoder: a ResNet-18 that never trained has 90
% of its variance in 6 of 512 directions, so a small one alone proves nothing.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.evaluation.indicators import entropy_rank, singular_values


@torch.no_grad()
def effective_rank(features: Float[Tensor, "n d"]) -> float:
    """exp of the entropy of the singular values, divided by their sum, of the centred features.

    Roy and Vetterli, "The effective rank", EUSIPCO 2007, definition 1; RankMe (Garrido et al.,
    2023, https://arxiv.org/abs/2210.02885, equation 1) is the same without the centring. Centring
    is what tells features that share one large mean from features that move.

    Returns:
        From 1, all along one line, to min(n - 1, d), evenly spread; 0 when all features are equal.
    """
    return entropy_rank(singular_values(features))


@torch.no_grad()
def spread(features: Float[Tensor, "n d"]) -> float:
    """Standard deviation of the L2-normalised features over pictures, mean over dimensions, times
    sqrt(d).

    Chen and He, "Exploring Simple Siamese Representation Learning", 2020,
    https://arxiv.org/abs/2011.10566, section 4.1: about 1 when directions are uniform on the
    sphere, 0 when all are one.
    """
    x = F.normalize(features.float(), dim=-1)
    return float(x.std(0, correction=0).mean() * x.shape[1] ** 0.5)


@torch.no_grad()
def mean_cosine(features: Float[Tensor, "n d"]) -> float:
    """Mean cosine between two different pictures' features, over all pairs: 1 when all point one
    way."""
    x = F.normalize(features.cpu().double(), dim=-1)
    n = len(x)
    return float((x.sum(0).square().sum() - x.square().sum()) / (n * (n - 1)))


@torch.no_grad()
def alignment(one: Float[Tensor, "n d"], other: Float[Tensor, "n d"]) -> float:
    """Mean squared distance between the normalised features of two views of a picture; 0 is
    aligned.

    Wang and Isola, 2020, https://arxiv.org/abs/2005.10242, section 4.1 with alpha = 2.
    """
    distance = F.normalize(one, dim=-1) - F.normalize(other, dim=-1)
    return float(distance.square().sum(-1).mean())


@torch.no_grad()
def uniformity(features: Float[Tensor, "n d"]) -> float:
    """log of the mean of exp(-2 distance ** 2) over pairs of normalised features; 0 when all are
    one.

    Wang and Isola, 2020, https://arxiv.org/abs/2005.10242, section 4.1 with t = 2; lower is more
    uniform.
    """
    x = F.normalize(features, dim=-1)
    return float(torch.pdist(x).square().mul(-2).exp().mean().log())


def health(features: Float[Tensor, "n d"]) -> dict[str, float]:
    """The three numbers that need one view alone, by name."""
    return {
        "effective_rank": effective_rank(features),
        "spread": spread(features),
        "mean_cosine": mean_cosine(features),
    }
