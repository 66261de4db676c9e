"""Attacks: the smallest change of a picture, within a cube around it, that a classifier is wrong about.

FGSM: I. Goodfellow, J. Shlens and C. Szegedy, "Explaining and Harnessing Adversarial Examples", 2015,
https://arxiv.org/abs/1412.6572, section 4. PGD: A. Madry et al., "Towards Deep Learning Models Resistant to
Adversarial Attacks", 2018, https://arxiv.org/abs/1706.06083, section 2.1, with the L-infinity norm. The
attacker knows the classifier and the label. A strength is the largest change of a value; values are in [0, 1].
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

Logits = Callable[[Tensor], Tensor]
"""Pictures [n, c, s, s] in [0, 1] to scores of the classes [n, k], differentiable."""


def gradient(
    logits: Logits, pictures: Float[Tensor, "n c s s"], labels: Int64[Tensor, " n"]
) -> tuple[Float[Tensor, "n c s s"], Bool[Tensor, " n"]]:
    """Of the cross entropy in the picture, and which pictures are classified rightly."""
    with torch.enable_grad():
        given = pictures.detach().requires_grad_()
        scores = logits(given)
        (found,) = torch.autograd.grad(F.cross_entropy(scores, labels, reduction="sum"), given)
    return found, scores.detach().argmax(-1) == labels


def fgsm(
    pictures: Float[Tensor, "n c s s"], slope: Float[Tensor, "n c s s"], strength: float
) -> Float[Tensor, "n c s s"]:
    """One step of the whole strength along the sign of the gradient, kept within [0, 1]."""
    return (pictures + strength * slope.sign()).clamp_(0, 1)


def pgd(
    logits: Logits,
    pictures: Float[Tensor, "n c s s"],
    labels: Int64[Tensor, " n"],
    start: Float[Tensor, "n c s s"],
    *,
    strength: float,
    steps: int,
    step_size: float,
) -> tuple[Float[Tensor, "n c s s"], Bool[Tensor, " n"]]:
    """Steps along the sign of the gradient, each projected back to the cube around the picture and to [0, 1].

    Args:
        start: numbers in [0, 1): where in the cube each picture starts.
        strength: half the side of the cube.
        step_size: a step is ``step_size * strength / steps``.

    Returns:
        What each picture became, and which withstood: those that were classified rightly at the start and
        after each step. The others are as they were when they first were not.
    """
    low, high = (pictures - strength).clamp_(min=0), (pictures + strength).clamp_(max=1)
    found = low + start * (high - low)
    withstood = torch.ones_like(labels, dtype=torch.bool)
    for _ in range(steps):
        slope, right = gradient(logits, found, labels)
        withstood &= right
        moved = (found + step_size * strength / steps * slope.sign()).clamp(low, high)
        found = torch.where(withstood[:, None, None, None], moved, found)
    with torch.no_grad():
        withstood &= logits(found).argmax(-1) == labels
    return found, withstood


def withstood_fgsm(
    logits: Logits,
    pictures: Float[Tensor, "n c s s"],
    labels: Int64[Tensor, " n"],
    strengths: Sequence[float],
) -> Bool[Tensor, "k n"]:
    """Which pictures are classified rightly after FGSM of each strength."""
    slope, _ = gradient(logits, pictures, labels)
    with torch.no_grad():
        found = [logits(fgsm(pictures, slope, s)).argmax(-1) == labels for s in strengths]
    return torch.stack(found)


def withstood_pgd(
    logits: Logits,
    pictures: Float[Tensor, "n c s s"],
    labels: Int64[Tensor, " n"],
    start: Float[Tensor, "n c s s"],
    strengths: Sequence[float],
    *,
    steps: int,
    step_size: float,
) -> Bool[Tensor, "k n"]:
    """Which pictures withstand PGD of each strength and of all that are smaller.

    What fools the classifier within a small cube lies within every larger one. So only pictures that
    have withstood so far are attacked again, and the share of them never rises.

    Args:
        strengths: in rising order; 0 only asks whether the picture itself is classified rightly.
    """
    found = torch.zeros(len(strengths), len(labels), dtype=torch.bool, device=labels.device)
    with torch.no_grad():
        left = (logits(pictures).argmax(-1) == labels).nonzero().flatten()
    for row, strength in enumerate(strengths):
        if strength > 0 and len(left):
            _, still = pgd(
                logits,
                pictures[left],
                labels[left],
                start[left],
                strength=strength,
                steps=steps,
                step_size=step_size,
            )
            left = left[still]
        found[row, left] = True
    return found


def median_strength(strengths: Sequence[float], shares: Sequence[float]) -> float | None:
    """The strength at which half of the pictures are lost: the median norm of the attack.

    Counted are the pictures that are classified rightly without any attack. Between two strengths their share
    is taken to be a straight line.

    Args:
        strengths: in rising order, the first being 0.
        shares: of all pictures, those that are classified rightly at each.

    Returns:
        None where more than half of them withstand the largest strength, or where there are none.
    """
    half = shares[0] / 2
    for (before, above), (after, below) in pairwise(zip(strengths, shares, strict=True)):
        if below <= half < above:
            return before + (after - before) * (above - half) / (above - below)
    return None
