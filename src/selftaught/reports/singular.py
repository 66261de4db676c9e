"""The singular spectrum of features: how many directions they use, and how evenly."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from selftaught.reports.lines import Point

POINTS = 48


def singular_values(features: Float[ndarray, "n d"]) -> Float[ndarray, " k"]:
    """Singular values of the centred features as shares of the largest, falling; empty where all are equal."""
    x = features.astype(np.float64)
    x = x - x.mean(axis=0)
    gram = x.T @ x if x.shape[1] <= x.shape[0] else x @ x.T
    values: ndarray = np.sqrt(np.clip(np.linalg.eigvalsh(gram)[::-1], 0, None))
    # Half-precision features leave rounding behind: what is below it counts as nothing.
    floor = float(np.abs(features).max()) * 1e-3 if features.size else 0.0
    if not len(values) or values[0] <= floor:
        return np.zeros(0)
    kept: ndarray = values[values > 1e-4 * values[0]] / values[0]
    return kept


def directions(values: Float[ndarray, " k"], share: float = 0.9) -> int:
    """How many directions hold this share of the variance."""
    if not len(values):
        return 0
    held = np.cumsum(values**2) / np.sum(values**2)
    return int(np.searchsorted(held, share) + 1)


def points(values: Float[ndarray, " k"]) -> list[Point]:
    """Index from 1 and value, at most 48 of them, evenly on a logarithmic axis."""
    if not len(values):
        return []
    index = np.unique(np.geomspace(1, len(values), POINTS).round().astype(int))
    return [(float(i), float(values[i - 1])) for i in index]
