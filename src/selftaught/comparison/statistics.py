"""What may be said of a few seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance
from typing import Any

from selftaught.measures import ENOUGH

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


@dataclass(frozen=True)
class Difference:
    """Ours minus theirs.

    Attributes:
        gap: difference of the means.
        low, high: ends of the 95 % interval.
        probability: that ours is the larger, given what was seen.
        p: two-sided probability of a gap as large if there were none.
        by: ``bootstrap`` over seeds and test pictures, or ``Welch`` over seeds alone.
    """

    gap: float
    low: float
    high: float
    probability: float
    p: float
    by: str


def unspread(gap: float, by: str, pictures: float = 0.0) -> Difference:
    """The difference of what never varied, which is not what never varies.

    Values of a few seeds that agree to the last digit do not say how far others would stray: nothing is
    claimed. Where every one of some pictures gave the same gap, the spread is taken to be what one more
    picture, on which both are right or both wrong, would have made of it: of three pictures that claims
    nothing, of thirty it does.
    """
    if gap == 0 or pictures < 2:
        return Difference(gap, gap, gap, 0.5, 1.0, by)
    from scipy.stats import t

    spread = abs(gap) / (pictures + 1)
    half = float(t.ppf(0.975, pictures - 1)) * spread
    probability = float(t.cdf(gap / spread, pictures - 1))
    p = 2 * min(probability, 1 - probability)
    return Difference(gap, gap - half, gap + half, probability, p, by)


def welch(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Mean difference and its 95 % interval, by Welch's t: seeds of two contestants are not pairs."""
    return contrast([(1.0, ours), (-1.0, theirs)])


Parts = Sequence[tuple[float, Sequence[float]]]
"""Weights, each with the values of several seeds."""


def contrast(parts: Parts) -> Difference:
    """A weighted sum of means and its 95 % interval, by Welch's t for any number of samples.

    B. L. Welch, "The generalization of 'Student's' problem when several different population variances are
    involved" (1947).
    """
    from scipy.stats import t

    gap = sum(weight * fmean(values) for weight, values in parts)
    spread = [
        (weight**2 * variance(values) / len(values), len(values) - 1) for weight, values in parts
    ]
    square = sum(part for part, _ in spread)
    if square == 0:
        return unspread(gap, "Welch")
    freedom = square**2 / sum(part**2 / degrees for part, degrees in spread)
    half = float(t.ppf(0.975, freedom)) * square**0.5
    probability = float(t.cdf(gap / square**0.5, freedom))
    p = 2 * min(probability, 1 - probability)
    return Difference(gap, gap - half, gap + half, probability, p, "Welch")
