"""A linear classifier in closed form: ridge regression on the classes, for a look while a run goes on.

Hoerl and Kennard, "Ridge Regression", Technometrics 1970; as a classifier it is scikit-learn's
``RidgeClassifier`` with its targets of -1 and 1. Nearest neighbours weigh every direction by its variance,
so features that hold the classes in small directions look untaught to them; a linear classifier sees those.
The linear probe (``linear.py``) remains the result: this one chooses nothing.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

STRENGTH = 1e-2
"""Penalty on squared weights, in units of the number of pictures, on features of unit variance."""


@torch.no_grad()
def classify(
    queries: Float[Tensor, "m d"],
    bank: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    *,
    classes: int,
    strength: float = STRENGTH,
) -> Int64[Tensor, " m"]:
    """The class of each query, on the CPU, by the largest of ``classes`` ridge regressions.

    Features are standardised by the bank's mean and deviation; a feature that does not move stays out.
    """
    x, z = bank.detach().cpu().double(), queries.detach().cpu().double()
    mean, deviation = x.mean(0), x.std(0, correction=0)
    moves = deviation > torch.finfo(torch.float32).eps * x.abs().amax(0)
    x = (x - mean)[:, moves] / deviation[moves]
    z = (z - mean)[:, moves] / deviation[moves]
    y = -torch.ones(len(x), classes, dtype=torch.float64)
    y[torch.arange(len(x)), labels.cpu()] = 1
    offset = y.mean(0)
    n, d = x.shape
    if d <= n:  # the smaller of the two systems; both have the same answer
        gram = x.T @ x + strength * n * torch.eye(d, dtype=torch.float64)
        weights = torch.linalg.solve(gram, x.T @ (y - offset))
    else:
        gram = x @ x.T + strength * n * torch.eye(n, dtype=torch.float64)
        weights = x.T @ torch.linalg.solve(gram, y - offset)
    guesses: Tensor = (z @ weights + offset).argmax(-1)
    return guesses
