"""The logarithm that contrastive losses have below their line, without a table of all pairs.

    log sum_j exp(x_i . y_j / T), some j left out

The table is the square of the batch: of 16,384 pictures in two views it takes 4 GiB, several times over. Here
its rows are made in blocks, and made again in the backward pass, where their softmax is the gradient; memory
then grows with the batch. A table of at most ``CELLS`` is one block, which is kept instead of made again.
"""

import sys
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.autograd.function import once_differentiable

CELLS = 2**22
"""Products held at once: 16 MiB in float32, all pairs of 2,048 embeddings."""


def log_sum_exp(
    x: Float[Tensor, "n p"],
    y: Float[Tensor, "m p"],
    temperature: float,
    without: Int64[Tensor, "n e"] | None = None,
) -> Float[Tensor, " n"]:
    """Of each row of x, the logarithm of the sum of exp(x . y / temperature) over the rows of y.

    Args:
        y: may be x itself, which saves work: its products are symmetric.
        temperature: T, which divides the products.
        without: rows of y that each row of x leaves out. Where y is x, leaving out must be mutual.
    """
    function = _LogSumExp.apply if len(x) * len(y) <= CELLS else _in_blocks
    value: Tensor = function(x, None if y is x else y, temperature, without)
    return value


def _in_blocks(*given: Any) -> Any:
    """A compiler would write out every block by itself, so it is kept out. ``torch.compiler.disable`` imports
    all of it, which takes longer than torch: it is asked for only where a compiler is at work."""
    if "torch._dynamo" in sys.modules:
        return torch.compiler.disable(_LogSumExp.apply)(*given)  # type: ignore[no-untyped-call]
    return _LogSumExp.apply(*given)


_in_blocks._torchdynamo_disable = True  # type: ignore[attr-defined]  # not to be looked into either


class _LogSumExp(torch.autograd.Function):
    """With s_ij the products over T, v_i the values and g_i their gradients, the gradient of s_ij is
    p_ij = g_i exp(s_ij - v_i), hence that of x is p y / T and that of y is p' x / T."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, y: Tensor | None, temperature: float, without: Tensor | None
    ) -> Tensor:
        ctx.temperature, value, kept = temperature, x.new_empty(len(x)), []
        for rows, s in _products(x, y, temperature, without):
            top = s.amax(dim=1, keepdim=True)
            below = s.sub_(top).exp_().sum(dim=1, keepdim=True)
            value[rows] = (top + below.log()).squeeze(1)
            kept = [s, below] if len(s) == len(x) else []
        ctx.save_for_backward(x, y, without, value, *kept)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, y, *_ = ctx.saved_tensors
        to_x, to_y, *_ = ctx.needs_input_grad
        of_x = torch.empty_like(x) if to_x else None
        of_y = torch.zeros_like(y) if to_y else None
        for rows, p in _gradients(ctx, g):
            if of_x is not None:
                torch.mm(p, x if y is None else y, out=of_x[rows])
            if of_y is not None:
                of_y.addmm_(p.T, x[rows])
        t = ctx.temperature
        return None if of_x is None else of_x / t, None if of_y is None else of_y / t, None, None


def _gradients(ctx: Any, g: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Rows, and p for them; where y is x, with row j's part in x_i as well: p_ji = g_j exp(s_ij - v_j)."""
    x, y, without, value, *kept = ctx.saved_tensors
    if kept:
        p = kept[0] * (g[:, None] / kept[1])
        yield slice(0, len(x)), p if y is not None else p + p.T
        return
    room = None
    for rows, s in _products(x, y, ctx.temperature, without):
        room = torch.empty_like(s) if room is None else room[: len(s)]
        p = torch.sub(s, value[rows, None], out=room).exp_().mul_(g[rows, None])
        yield rows, p if y is not None else p.add_(s.sub_(value).exp_().mul_(g))


def _products(
    x: Tensor, y: Tensor | None, temperature: float, without: Tensor | None
) -> Iterator[tuple[slice, Tensor]]:
    """Rows, and their products over T. All blocks lie in one place, which the next one overwrites:
    freed and asked for again, blocks with small tensors between them never fit the same hole."""
    columns = x if y is None else y
    size = max(1, min(len(x), CELLS // len(columns)))
    room = x.new_empty(size, len(columns))
    for start in range(0, len(x), size):
        rows = slice(start, min(start + size, len(x)))
        s = torch.mm(x[rows] / temperature, columns.T, out=room[: rows.stop - start])
        yield rows, s if without is None else s.scatter_(1, without[rows], float("-inf"))
