"""How well a method does its own task: plotted, never minimised, and no measure of the features."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


@torch.no_grad()
def accuracy(logits: Float[Tensor, "n k"], classes: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
    """Share of rows whose largest logit is the right one; guessing gives 1 / k."""
    return (logits.argmax(dim=1) == classes).float().mean()


@torch.no_grad()
def explained(guesses: Float[Tensor, "*n d"], targets: Float[Tensor, "*n d"]) -> Float[Tensor, ""]:
    """Share of the targets' variance that the guesses explain: 1 is all of it, 0 what their mean does.

    1 - sum (t - g)^2 / sum (t - m)^2, where m is the batch's mean of each of the d numbers.
    """
    g, t = guesses.float().flatten(0, -2), targets.float().flatten(0, -2)
    return 1 - (t - g).square().sum() / (t - t.mean(dim=0)).square().sum().clamp(min=1e-12)
