"""The one file that knows of ranks; alone, everything here is the identity.

Ranks train one method on one global batch, each on a slice of its pictures: what they learn is what one
process would learn from the whole. Losses ``gather`` what they compare, batch-norms take their statistics over
all ranks (``synchronise``), and gradients are averaged (``averaged``). Every rank goes through the same steps,
and what a clock or a signal decides, they ask each other (``agreed``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from inspect import signature
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
"""Batch-norms that can be synchronised: of a subclass, which may do more, nobody knows."""

_apart: ContextVar[bool] = ContextVar("apart", default=False)


@contextmanager
def joined(device: torch.device, processes: int) -> Iterator[None]:
    """While inside, this process trains together with the others that its launcher started.

    Args:
        device: what it computes on. Beside GPUs, which NCCL connects, CPUs are connected as well: to ask the
            others something then waits for no GPU.
        processes: how many there are, as the launcher says.
    """
    if processes == 1:
        yield
        return
    # DDP loads torch's compiler, which keeps the group for good if loaded inside: threads would still run,
    # and sometimes abort the process, while Python ends.
    import_module("torch._dynamo")
    if device.type == "cuda":
        torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl", device_id=device)
    else:
        dist.init_process_group("gloo")
    yield
    # Not where something went wrong: to part waits for those who may still be waiting for us.
    dist.destroy_process_group()


@contextmanager
def apart() -> Iterator[None]:
    """While inside, this rank is alone: of pictures that all look at, each sees all."""
    before = _apart.set(True)
    try:
        yield
    finally:
        _apart.reset(before)


def world() -> int:
    """How many processes train together."""
    there = dist.is_available() and dist.is_initialized() and not _apart.get()
    return dist.get_world_size() if there else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if world() > 1 else 0


def wait_for_all() -> None:
    """Until every rank has come here."""
    agreed(0)


def agreed(*numbers: int) -> tuple[int, ...]:
    """The largest of each that a rank gives, so that all decide alike."""
    if world() == 1:
        return numbers
    table = torch.tensor(numbers, dtype=torch.int64)  # on the CPU: no device is waited for
    dist.all_reduce(table, dist.ReduceOp.MAX)
    return tuple(table.tolist())


def mean(values: Tensor) -> Tensor:
    """The mean over ranks, without gradients."""
    if world() == 1:
        return values
    return _summed(values.detach()) / world()


def _summed(own: Tensor) -> Tensor:
    """The sum over ranks in memory of its own: what autograd hands in belongs to autograd."""
    total = own.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total


class _Gather(torch.autograd.Function):
    """Rows of all ranks, in rank order; the gradient of a row is summed over all who used it.

    With DDP, which averages gradients over ranks, a loss that every rank computes on the gathered rows
    then has the gradient of the same loss computed once on the whole batch.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        rows = rows.contiguous()
        every = [torch.empty_like(rows) for _ in range(world())]
        dist.all_gather(every, rows)
        return torch.cat(every)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0]).chunk(world())[rank()]


def gather(rows: Tensor) -> Tensor:
    """[n, p] of this rank to [world * n, p] of all ranks, with gradients."""
    if world() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)
    return gathered


def own_rows(count: int) -> slice:
    """Where this rank's rows are among those that ``gather`` gives, every rank having so many."""
    return slice(rank() * count, (rank() + 1) * count)


class _Total(torch.autograd.Function):
    """A sum over ranks, whose gradient is the sum of all that came of it."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        return _summed(own)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


class SynchronisedNorm(_BatchNorm):
    """Batch-norm whose statistics are those of the batches of all ranks, which are of one size; for CPUs,
    which torch's own refuses."""

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        if world() == 1 or not self.training:
            return super().forward(x)
        axes = [0, *range(2, x.ndim)]
        shape = [1, -1, *[1] * (x.ndim - 2)]
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        count = wide.numel() // wide.shape[1] * world()
        centre = _Total.apply(wide.sum(axes)) / count
        centred = wide - centre.view(shape)
        variance = _Total.apply(centred.square().sum(axes)) / count
        if self.running_mean is not None and self.running_var is not None:
            assert self.num_batches_tracked is not None
            self.num_batches_tracked.add_(1)
            share = self.momentum or 1 / float(self.num_batches_tracked)
            self.running_mean.lerp_(centre.detach().to(self.running_mean.dtype), share)
            unbiased = variance.detach() * count / (count - 1)
            self.running_var.lerp_(unbiased.to(self.running_var.dtype), share)
        answer = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            answer = answer * self.weight.view(shape) + self.bias.view(shape)
        normed: Tensor = answer.to(x.dtype)
        return normed


def synchronise(method: nn.Module, device: torch.device) -> None:
    """Let every batch-norm inside take its statistics over all ranks; weights and names stay as they are."""
    if world() == 1:
        return
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(method)  # type: ignore[no-untyped-call]
        return
    for module in list(method.modules()):
        for name, norm in module.named_children():
            if type(norm) in NORMS:
                assert isinstance(norm, _BatchNorm)
                setattr(module, name, _synchronised(norm))


def _synchronised(norm: _BatchNorm) -> SynchronisedNorm:
    new = SynchronisedNorm(
        norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats
    )
    new.weight, new.bias = norm.weight, norm.bias
    new.running_mean, new.running_var = norm.running_mean, norm.running_var
    new.num_batches_tracked = norm.num_batches_tracked
    return new.train(norm.training)


def averaged(method: nn.Module) -> nn.Module:
    """The method as it is called in training: its backward leaves the mean of all ranks' gradients.

    Buffers are not sent about, as every rank moves its own alike; hooks are called on the bare method.
    """
    if world() == 1:
        return method
    # torch's name for it, since 2.14 and before
    words = ("forward_sync_buffers", "broadcast_buffers")
    known = signature(DistributedDataParallel.__init__).parameters
    still: dict[str, Any] = {next(word for word in words if word in known): False}
    return DistributedDataParallel(method, **still)
