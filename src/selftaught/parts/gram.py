"""All squared products of rows or of columns, through the smaller of two tables.

    ||a'b||^2 = sum of (a'b)_ij^2 = sum of (aa')_ij (bb')_ij

Losses that decorrelate square all covariances of p dimensions over n pictures. With p = 8192 and n = 256
those are 67 million numbers on the left, and 65 thousand on the right: the same sum, exactly.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable


def between_columns(a: Float[Tensor, "n p"], b: Float[Tensor, "n q"]) -> Float[Tensor, ""]:
    """Sum of the squared products of each column of a with each of b; b may be a, which halves the work."""
    value: Tensor = _SquaredProducts.apply(a, None if b is a else b, False)
    return value


def between_rows(a: Float[Tensor, "n p"], b: Float[Tensor, "m p"]) -> Float[Tensor, ""]:
    """Sum of the squared products of each row of a with each of b; b may be a, which halves the work."""
    value: Tensor = _SquaredProducts.apply(a, None if b is a else b, True)
    return value


class _SquaredProducts(torch.autograd.Function):
    """For columns, with c = a'b, the gradient of a is 2 bc' = 2 (bb') a and that of b is 2 ac = 2 (aa') b;
    for rows, with c = ab', they are 2 cb = 2 a (b'b) and 2 c'a = 2 b (a'a); where b is a, their sum."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor | None, rows: bool) -> Tensor:
        other = a if b is None else b
        side, inside = (0, 1) if rows else (1, 0)
        if a.shape[side] * other.shape[side] <= a.shape[inside] ** 2:
            ctx.direct, ctx.left = True, rows  # left: where a table stands in the gradient
            tables = [a @ other.T if rows else a.T @ other]
        else:
            ctx.direct, ctx.left = False, not rows
            tables = [x.T @ x if rows else x @ x.T for x in (a, b) if x is not None]
        ctx.save_for_backward(a, b, *tables)
        return (tables[0] * tables[-1]).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        def times(table: Tensor, x: Tensor) -> Tensor:
            return table @ x if ctx.left else x @ table.T

        a, b, *tables = ctx.saved_tensors
        if b is None:
            return times(4 * g * tables[0], a), None, None
        to_a, to_b, _ = ctx.needs_input_grad
        tables = [2 * g * table for table in tables]
        for_a = (tables[0], b) if ctx.direct else (tables[1], a)
        for_b = (tables[0].T, a) if ctx.direct else (tables[0], b)
        return times(*for_a) if to_a else None, times(*for_b) if to_b else None, None
