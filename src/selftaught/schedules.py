"""Curves over training, as functions of progress in [0, 1]."""

import math


def cosine(start: float, end: float, progress: float) -> float:
    """Half a cosine from ``start`` at progress 0 to ``end`` at progress 1."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def warmup_cosine(progress: float, warmup: float) -> float:
    """Factor of the learning rate: a straight rise over ``warmup``, then half a cosine to 0.

    Args:
        progress: share of the training that is done, in [0, 1].
        warmup: share of the training that the rise takes, in [0, 1).
    """
    if progress < warmup:
        return progress / warmup
    return cosine(1.0, 0.0, (progress - warmup) / (1 - warmup))


def rise(start: float, end: float, progress: float, until: float) -> float:
    """A straight line from ``start`` at progress 0 to ``end`` at ``until``, where it stays."""
    return start + (end - start) * min(progress / until, 1.0) if until else end
