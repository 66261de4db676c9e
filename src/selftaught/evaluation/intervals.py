"""Intervals of a share that was counted."""

import torch
from jaxtyping import Bool, Int64
from scipy.stats import norm, t
from torch import Tensor


def independent(
    right: Bool[Tensor, " n"], groups: Int64[Tensor, " n"], confidence: float = 0.95
) -> float:
    """How many independent pictures would tell as much of a share as these, of which groups go together.

    The number of pictures over the design effect, which the groups' own shares estimate (Korn and Graubard,
    "Confidence intervals for proportions with small expected number of positive counts estimated from survey
    data", Survey Methodology 1998): at most all pictures, and at most the groups where all answers are alike.

    Args:
        right: which answers are.
        groups: of the pictures, such as patients or sites.
        confidence: of the interval that is wanted; few groups estimate their own spread badly.
    """
    n, share = len(right), right.double().mean()
    _, place = torch.unique(groups, return_inverse=True)
    off = torch.zeros(int(place.max()) + 1, dtype=torch.float64)
    off.index_add_(0, place, right.double() - share)
    count = len(off)
    if count == 1 or share in (0, 1):
        return float(count)
    spread = float(off.square().sum()) * count / (count - 1) / n**2
    worth = n if spread == 0 else min(n, float(share * (1 - share)) / spread)
    tail = 0.5 + confidence / 2
    return max(1.0, worth * float(norm.ppf(tail) / t.ppf(tail, count - 1)) ** 2)


def wilson(right: int | float, count: int | float, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a proportion (Wilson, JASA 1927), which holds for few pictures and near 0 and 1 too.

    Args:
        right: how many of ``count`` were right.
        confidence: of the interval; for the worst of several groups, one minus the errors' sum over them.
    """
    if count == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + confidence / 2))
    share = right / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * (share * (1 - share) / count + z * z / (4 * count**2)) ** 0.5 / (1 + z * z / count)
    return max(centre - half, 0.0), min(centre + half, 1.0)
