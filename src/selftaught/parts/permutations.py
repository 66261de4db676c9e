"""Permutations that differ as much as they can, so that a jigsaw puzzle has one answer."""

from functools import cache
from itertools import permutations as every

import torch
from jaxtyping import Int64
from torch import Tensor

from selftaught.errors import Refusal


def far_apart(count: int, places: int = 9) -> Int64[Tensor, "p t"]:
    """``count`` permutations of ``places`` tiles, far apart in Hamming distance; always the same ones.

    Greedy, from the identity on: next comes the one whose nearest among the chosen is farthest; of equals
    the one with the largest sum of distances, then the first. (Noroozi and Favaro's Algorithm 1 takes
    the largest sum alone.) Of 9 tiles, 100 differ in 6 places or more, 1000 in 5.

    Raises:
        Refusal: there are not so many, or only one.
    """
    return torch.tensor(_chosen(count, places))


@cache
def _chosen(count: int, places: int) -> list[list[int]]:
    """Found once a process: a thousand take seconds."""
    candidates = torch.tensor(list(every(range(places))), dtype=torch.int8).T.contiguous()
    total = candidates.shape[1]
    if not 2 <= count <= total:
        raise Refusal(f"permutations={count} is not between 2 and the {total} of {places} tiles.")
    nearest = torch.full((total,), places, dtype=torch.int32)
    summed = torch.zeros(total, dtype=torch.int32)
    chosen = [0]
    while len(chosen) < count:
        newest = candidates[:, chosen[-1]]
        distance = torch.zeros(total, dtype=torch.int8)
        for place in range(places):
            distance += candidates[place] != newest[place]
        torch.minimum(nearest, distance.int(), out=nearest)
        summed += distance
        chosen.append(int((nearest * (count * places + 1) + summed).argmax()))
    found: list[list[int]] = candidates[:, chosen].T.tolist()
    return found
