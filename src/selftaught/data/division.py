"""Who is trained on, who is held back: choices that no seed, run or machine changes.

A public set is divided by one fixed permutation, class by class. A folder is divided by its
content: each *unit* (a group, or all exact copies of one picture) has a place in [0, 1) that is a
hash of what it is.
"""

import hashlib

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from selftaught.data.source import Source
from selftaught.errors import Refusal
from selftaught.keys import shuffle


def fixed_order(size: int) -> Int64[Tensor, " n"]:
    """The permutation that public sets are divided by."""
    return shuffle(size, seed=0, epoch=0)


def take_evenly(
    labels: Int64[Tensor, " n"] | None, order: Int64[Tensor, " n"], count: int | None
) -> Int64[Tensor, " m"]:
    """``count`` rows, as many of each class as of any other while they last, sorted; all for None.

    Args:
        order: rows of each class are taken in this order.

    Raises:
        Refusal: there are fewer rows than ``count``.
    """
    if count is None:
        return torch.arange(len(order))
    if count > len(order):
        raise Refusal(
            f"data.take={count} asks for more than the {len(order)} pictures to train on; "
            "give a smaller number, or none to take them all."
        )
    return order[_rank(labels, order)[order].argsort(stable=True)[:count]].sort().values


def hold_out(
    labels: Int64[Tensor, " n"] | None, order: Int64[Tensor, " n"], share: float
) -> tuple[Int64[Tensor, " kept"], Int64[Tensor, " held"]]:
    """Rows kept and rows held back, each sorted; every class gives the same share.

    Raises:
        Refusal: one side would be empty.
    """
    rank = _rank(labels, order).double()
    counts = torch.ones_like(rank) * len(order) if labels is None else _class_sizes(labels)
    held = round(share * len(order))
    _refuse_empty(held, len(order), share)
    queue = order[((rank + 0.5) / counts)[order].argsort(stable=True)]
    return queue[held:].sort().values, queue[:held].sort().values


def _rank(labels: Tensor | None, order: Tensor) -> Int64[Tensor, " n"]:
    """Each row's place within its class, in the given order."""
    rank = torch.empty_like(order)
    if labels is None:
        rank[order] = torch.arange(len(order))
        return rank
    for label in torch.unique(labels):
        rows = order[labels[order] == label]
        rank[rows] = torch.arange(len(rows))
    return rank


def _class_sizes(labels: Tensor) -> Float64[Tensor, " n"]:
    which: Tensor
    counts: Tensor
    _, which, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    return counts[which].double()


def _refuse_empty(held: int, total: int, share: float) -> None:
    if not 0 < held < total:
        raise Refusal(
            f"data.validation={share:g} of {total} pictures leaves {held} to choose on and "
            f"{total - held} to train on; both are needed: "
            "give a share between 0 and 1, or more pictures."
        )


def place(unit: bytes, purpose: str) -> float:
    """Where a unit of a folder stands in [0, 1), for one purpose, whatever else there is."""
    digest = hashlib.sha256(purpose.encode() + b":" + unit).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def split_units(units: list[bytes], share: float, purpose: str) -> list[bool]:
    """Whether each row is held back: its unit's place lies below ``share``.

    A unit never moves when others come or go, but for this: where all or none would be held back,
    the one that is nearest to the border is moved across.

    Raises:
        Refusal: all rows are one unit, or the share is 0 or 1.
    """
    ranked = sorted(set(units), key=lambda unit: place(unit, purpose))
    if len(ranked) < 2:
        raise Refusal(
            f"the {len(units)} pictures to train on are one group or copies of one picture, and "
            "cannot be divided into training and validation; give pictures of at least two kinds."
        )
    if not 0 < share < 1:
        _refuse_empty(round(share * len(units)), len(units), share)
    count = sum(place(unit, purpose) < share for unit in ranked)
    held = set(ranked[: min(max(count, 1), len(ranked) - 1)])
    return [unit in held for unit in units]


def divide_public(source: Source, take: int | None, validation: float) -> tuple[Source, Source]:
    """Training and validation pictures of a public set: ``take`` first, then what is held back."""
    taken = source.subset(take_evenly(source.labels, fixed_order(len(source)), take))
    kept, held = hold_out(taken.labels, fixed_order(len(taken)), validation)
    return taken.subset(kept), taken.subset(held)


def connect(digests: list[bytes], groups: list[str | None]) -> list[bytes]:
    """Each row's unit: rows that share their content or their group share their unit.

    A unit is called by the smallest hash in it, so that order and path do not matter.
    """
    keys = [
        [digest] if group is None else [digest, hashlib.sha256(group.encode()).digest()]
        for digest, group in zip(digests, groups, strict=True)
    ]
    leader = {key: key for some in keys for key in some}

    def lead(key: bytes) -> bytes:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for some in keys:
        first, last = sorted((lead(some[0]), lead(some[-1])))
        leader[last] = first
    return [lead(some[0]) for some in keys]
