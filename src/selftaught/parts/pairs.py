"""From a loss of two views to a loss of any number: every pair counts once, and the mean is taken.

With two views nothing changes, so a published recipe keeps its scale when views are added.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


def mean_over_pairs(loss: Loss, views: Sequence[Tensor]) -> Tensor:
    """The mean of ``loss(a, b)`` over unordered pairs of views; ``loss`` treats both alike."""
    return torch.stack([loss(a, b) for a, b in combinations(views, 2)]).mean()


def mean_over_crossings(loss: Loss, ones: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """The mean over unordered pairs of views of both directions' sum, ``loss(ones[i], others[j]) +
    loss(ones[j], others[i])``: what one view says of the other, never of itself."""
    pairs = combinations(range(len(ones)), 2)
    return torch.stack(
        [loss(ones[i], others[j]) + loss(ones[j], others[i]) for i, j in pairs]
    ).mean()


def sides(views: Sequence[Tensor], *, both: bool) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """The views that ask and those that answer, as ``mean_over_directions`` takes them: all and all, or
    the first and the others."""
    return (views, views) if both else (views[:1], views[1:])


def mean_over_directions(
    loss: Loss, ones: Sequence[Tensor], others: Sequence[Tensor], *, both: bool
) -> Tensor:
    """The mean of ``loss`` over both directions of every pair of views, or, one way only, over what the
    first of ``ones`` says of each of ``others``, which then begin with the second view."""
    if both:
        return mean_over_crossings(loss, ones, others) / 2
    return torch.stack([loss(ones[0], other) for other in others]).mean()
