"""Whitening: embeddings whose covariance is the identity, or a few steps on the way there."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from selftaught.distributed import gather, own_rows


def whiten(x: Float[Tensor, "*v n p"], shrinkage: float = 0.0) -> Float[Tensor, "*v n p"]:
    """Centred rows times the inverse of the covariance's Cholesky factor (Siarohin et al., 2019).

    The n rows must span the p dimensions. Where they do not, the answer is not a number, which the loop
    names; the factorisation itself raises nothing, since asking would wait for the device.

    Args:
        shrinkage: share of the identity that is mixed into the covariance.
    """
    # A covariance of float32 rows squares their condition; MPS has no float64.
    wide = x.float() if x.device.type == "mps" else x.double()
    centred = wide - wide.mean(-2, keepdim=True)
    covariance = centred.mT @ centred / (x.shape[-2] - 1)
    identity = torch.eye(x.shape[-1], dtype=wide.dtype, device=x.device)
    factor, failed = torch.linalg.cholesky_ex((1 - shrinkage) * covariance + shrinkage * identity)
    factor = torch.where(failed[..., None, None] == 0, factor, torch.nan)
    white: Tensor = torch.linalg.solve_triangular(factor, centred.mT, upper=False).mT
    return white.to(x.dtype)


def towards_white(x: Float[Tensor, "n p"], steps: int) -> Float[Tensor, "n p"]:
    """Centred rows times the inverse square root of their covariance, after so many of Newton's steps.

    Huang et al., 2019 (IterNorm), https://arxiv.org/abs/1904.03441, algorithm 1. A step raises a direction
    of little variance by half at most, so few steps level what is large and leave what is noise small; rows
    need not span the dimensions. Products are all it takes: nothing waits for the device. No dimension is
    exchanged for another, as a Cholesky factor would do (``whiten``). Mean and covariance are those of the
    rows of all ranks.

    Where there are fewer rows than dimensions, their products with each other stand for the covariance: it
    has the same eigenvalues that are not zero, and x f(x'x) = f(xx') x for any such steps f.
    """
    every = gather(x)
    centred = every - every.mean(dim=0)
    narrow = len(every) < x.shape[1]
    table = (centred @ centred.mT if narrow else centred.mT @ centred) / len(every)
    identity = torch.eye(len(table), dtype=x.dtype, device=x.device)
    scale = table.diagonal().sum().clamp_min(torch.finfo(x.dtype).tiny)
    root, inverse = table / scale, identity
    for _ in range(steps):  # root and inverse together, which stays stable where it has converged
        step = (3 * identity - inverse @ root) / 2
        root, inverse = root @ step, step @ inverse
    own = own_rows(len(x))
    white: Tensor = (inverse[own] @ centred if narrow else centred[own] @ inverse) / scale.sqrt()
    return white


class White(nn.Module):
    """``towards_white`` as a layer, over all rows that it is given, in float32; 0 steps leave them alone."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Float[Tensor, "*n p"]) -> Float[Tensor, "*n p"]:
        if not self.steps:
            return x
        with torch.autocast(x.device.type, enabled=False):
            wide = x.to(torch.promote_types(x.dtype, torch.float32))
            return towards_white(wide.flatten(0, -2), self.steps).view(x.shape)


def slices(words: Int64[Tensor, " n"], size: int) -> tuple[Int64[Tensor, " m"], ...]:
    """Rows in the order of their random words, in slices of ``size`` or, if it does not divide n, more."""
    return words.argsort(stable=True).tensor_split(max(1, len(words) // size))
