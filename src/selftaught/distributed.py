"""The one file that knows of ranks; alone, everything here is the identity."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def world() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


class _Gather(torch.autograd.Function):
    """Rows of all ranks, in rank order; the gradient of a row is summed over all who used it.

    With DDP, which averages gradients over ranks, a loss that every rank computes on the gathered rows
    then has the gradient of the same loss computed once on the whole batch.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        every = [torch.empty_like(rows) for _ in range(world())]
        dist.all_gather(every, rows.contiguous())
        return torch.cat(every)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous()
        dist.all_reduce(total)
        return total.chunk(world())[rank()]


def gather(rows: Tensor) -> Tensor:
    """[n, p] of this rank to [world * n, p] of all ranks, with gradients."""
    if world() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)
    return gathered


def own_rows(count: int) -> slice:
    """Where this rank's rows are among those that ``gather`` gives, every rank having so many."""
    return slice(rank() * count, (rank() + 1) * count)
