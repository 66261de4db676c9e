"""Whitening: embeddings whose covariance is the identity, over a few random slices of the batch."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


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


def slices(words: Int64[Tensor, " n"], size: int) -> tuple[Int64[Tensor, " m"], ...]:
    """Rows in the order of their random words, in slices of ``size`` or, if it does not divide n, more."""
    return words.argsort(stable=True).tensor_split(max(1, len(words) // size))
