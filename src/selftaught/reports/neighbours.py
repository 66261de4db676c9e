"""Which pictures an encoder holds to be alike: nearest neighbours by cosine similarity."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from selftaught.reports.maps import on_the_sphere


def nearest(features: Float[ndarray, "n d"], k: int = 5) -> Int[ndarray, "n k2"]:
    """For each row the k rows of largest cosine similarity, itself left out, the nearest first.

    With k or fewer rows there are only n - 1 neighbours.
    """
    unit = on_the_sphere(features)
    k = max(min(k, len(unit) - 1), 0)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def agreement(neighbours: Int[ndarray, "n k"], labels: Int[ndarray, " n"]) -> float:
    """The share of all neighbours that are of their picture's class."""
    return float((labels[neighbours] == labels[:, None]).mean()) if neighbours.size else 0.0


def queries(labels: Int[ndarray, " n"], amount: int = 12, seed: int = 0) -> list[int]:
    """Pictures drawn at random, the classes in turn: none is asked twice before all are."""
    order = np.random.default_rng(seed).permutation(len(labels))
    turns: dict[int, int] = {}
    ranked = []
    for index in order.tolist():
        label = int(labels[index])
        turns[label] = turns.get(label, -1) + 1
        ranked.append((turns[label], label, index))
    ranked.sort(key=lambda item: (item[0], item[1] if len(turns) <= amount else 0))
    return [index for _, _, index in ranked[:amount]]
