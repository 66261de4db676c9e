"""What may be said of a few seeds."""

from collections.abc import Sequence
from statistics import fmean, stdev, variance
from typing import Any

ENOUGH = 3
"""Seeds from which an interval is given, and a claim may be made."""


Bounds = tuple[float, float]


def summarise(values: Sequence[float], bounds: Bounds = (0.0, 1.0)) -> dict[str, Any]:
    """Mean, range, spread and the 95 % t-interval of the mean over seeds (from three seeds on)."""
    return {
        "mean": fmean(values),
        "min": min(values),
        "max": max(values),
        "sd": stdev(values) if len(values) > 1 else None,
        "interval": interval(values, bounds) if len(values) >= ENOUGH else None,
    }


def interval(values: Sequence[float], bounds: Bounds = (0.0, 1.0)) -> list[float]:
    """95 % interval of the mean, by Student's t, kept within what the measure can be."""
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return [max(fmean(values) - half, bounds[0]), min(fmean(values) + half, bounds[1])]


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Mean difference and its 95 % interval, by Welch's t: seeds of two contestants are not pairs.

    Values that are the same for every seed on both sides leave an interval of no width.
    """
    from scipy.stats import t

    gap = fmean(ours) - fmean(theirs)
    parts = [(variance(values) / len(values), len(values) - 1) for values in (ours, theirs)]
    square = sum(part for part, _ in parts)
    if square == 0:
        return gap, gap, gap
    freedom = square**2 / sum(part**2 / degrees for part, degrees in parts)
    half = float(t.ppf(0.975, freedom)) * square**0.5
    return gap, gap - half, gap + half
