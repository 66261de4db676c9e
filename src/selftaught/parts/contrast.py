"""The logarithm that contrastive losses have below their line, without a table of all pairs.

    log sum_j exp(x_i . y_j / T), some j left out

The table is the square of the batch: of 16,384 pictures in two views it takes 4 GiB, several times over. Here
its rows are made in blocks, and made again in the backward pass, where their softmax is the gradient; memory
then grows with the batch. A table of at most ``CELLS`` is one block, which is kept instead of made again.
"""

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


@torch.compiler.disable  # type: ignore[untyped-decorator]  # it would write out each block
def _in_blocks(*given: Any) -> Any:
    return _LogSumExp.apply(*given)


class _LogSumExp(torch.autograd.Function):
    """With s_ij the products over T, v_i the values and g_i their gradients, the gradient of s_ij is
    p_ij = g_i exp(s_ij - v_i), hence that of x is p y / T and that of y is p' x / T."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, y: Tensor | None, temperature: float, without: Tensor | None
    ) -> Tensor:
        values, kept = [], []
        for rows in _blocks(x, y):
            s = _products(x, y, temperature, without, rows)
            top = s.amax(dim=1, keepdim=True)
            below = s.sub_(top).exp_().sum(dim=1, keepdim=True)
            values.append((top + below.log()).squeeze(1))
            kept = [s, below]
        value = torch.cat(values)
        ctx.temperature = temperature
        ctx.save_for_backward(x, y, without, value, *(kept if len(values) == 1 else []))
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, y, without, value, *kept = ctx.saved_tensors
        to_x, to_y, *_ = ctx.needs_input_grad
        of_x, of_y = [], torch.zeros_like(y) if to_y else None
        for rows in _blocks(x, y):
            if kept:
                p = kept[0] * (g[:, None] / kept[1])
            else:
                s = _products(x, y, ctx.temperature, without, rows)
                p = (s - value[rows, None]).exp_().mul_(g[rows, None])
            if y is None:  # row j of x has its part in x_i as well: p_ji = g_j exp(s_ij - v_j)
                p = p + p.T if kept else p.add_(s.sub_(value).exp_().mul_(g))
            if to_x:
                of_x.append(p @ (x if y is None else y))
            if of_y is not None:
                of_y.addmm_(p.T, x[rows])
        t = ctx.temperature
        return torch.cat(of_x) / t if to_x else None, None if of_y is None else of_y / t, None, None


def _blocks(x: Tensor, y: Tensor | None) -> Iterator[slice]:
    size = max(1, CELLS // max(1, len(x if y is None else y)))
    return (slice(start, start + size) for start in range(0, max(1, len(x)), size))


def _products(
    x: Tensor, y: Tensor | None, temperature: float, without: Tensor | None, rows: slice
) -> Tensor:
    s = (x[rows] / temperature) @ (x if y is None else y).T
    return s if without is None else s.scatter_(1, without[rows], float("-inf"))
