"""Which classes are taken for each other."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def confused(
    labels: Int[ndarray, " n"], predictions: Int[ndarray, " n"], classes: int
) -> Float[ndarray, "c c"]:
    """For two classes the share of their pictures that are given the other's name: symmetric, diagonal 0."""
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predictions), 1)
    np.fill_diagonal(counts, 0)
    sizes = np.bincount(labels, minlength=classes).astype(float)
    shared: ndarray = (counts + counts.T) / np.maximum(sizes[:, None] + sizes[None], 1)
    return shared


def worst_pairs(shares: Sequence[Float[ndarray, "c c"]], amount: int) -> list[tuple[int, int]]:
    """The pairs of classes that are most confused on average over some encoders, the worst first."""
    mean = np.triu(np.mean(shares, axis=0), k=1)
    order = np.argsort(-mean, axis=None, kind="stable")[:amount]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, mean.shape), strict=True)]
    return [(i, j) for i, j in pairs if mean[i, j] > 0]


def examples(
    labels: Int[ndarray, " n"], predictions: Int[ndarray, " n"], pair: tuple[int, int], amount: int
) -> list[int]:
    """Pictures of either class that were given the other's name, the two ways in turn."""
    one, other = pair
    ways = [
        np.flatnonzero((labels == a) & (predictions == b)).tolist()
        for a, b in ((one, other), (other, one))
    ]
    mixed = [way[k] for k in range(max(map(len, ways))) for way in ways if k < len(way)]
    return mixed[:amount]
