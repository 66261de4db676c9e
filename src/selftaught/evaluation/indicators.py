"""What is said to foretell a probe's accuracy without labels: RankMe, alpha-ReQ and LiDAR.

They are indicators and no verdicts: each was found to rank runs of one method well, and none ranks methods
of different kinds reliably.
"""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

EPSILON = 1e-7
"""Added to each share of the spectrum, so that its logarithm exists (RankMe, equation 1)."""

FIRST, LAST = 4, 100
"""Ranks of the eigenvalues that alpha-ReQ's line is fitted to: those of the authors' code."""

FEWEST = 3
"""Eigenvalues that a line is fitted to at least."""


@torch.no_grad()
def singular_values(
    features: Float[Tensor, "n d"], *, centred: bool = True
) -> Float64[Tensor, " k"]:
    """The singular values of features [n, d], from the largest down; those of rounding are left out.

    Equal float32 features leave rounding behind, which has full rank: it counts as nothing.
    """
    x = features.detach().cpu().double()
    n, d = x.shape
    largest = float(x.abs().max()) if x.numel() else 0.0
    if centred:
        x = x - x.mean(0)
    gram = x.T @ x if d <= n else x @ x.T
    values: Tensor = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().flip(0)
    return values[values > torch.finfo(torch.float32).eps * largest * max(n, d) ** 0.5]


def entropy_rank(spectrum: Float64[Tensor, " k"], epsilon: float = 0.0) -> float:
    """exp of the entropy of a spectrum's shares, each plus ``epsilon``; 0 for an empty one."""
    if len(spectrum) == 0:
        return 0.0
    p = spectrum / spectrum.sum() + epsilon
    return float((-(p * p.log()).sum()).exp())


def rankme(features: Float[Tensor, "n d"]) -> float:
    """RankMe (Garrido, Balestriero, Najman and LeCun, 2023), https://arxiv.org/abs/2210.02885, equation 1.

    The exponential of the entropy of the singular values' shares, of features that are *not* centred; the
    authors read it on 25,600 pictures that were trained on.

    Returns:
        From 1 (one direction) to min(n, d); 0 when all features are zero.
    """
    return entropy_rank(singular_values(features, centred=False), EPSILON)


def alpha_req(features: Float[Tensor, "n d"]) -> dict[str, float]:
    """alpha-ReQ (Agrawal, Mondal, Ghosh and Richards, 2022), section 3: lambda_j ~ j ** -alpha.

    The exponent by which the eigenvalues of the covariance fall with their rank j. The paper fits "the full
    set"; the authors' code, which is followed, fits log lambda to log j over ranks 4 to 100 (or to the last
    that is not zero) with weights 1 / j (after Stringer et al., 2019). Near 1 is said to be best: larger is
    too few directions, smaller too many.

    Returns:
        ``alpha``, and ``r2``, the weighted share of the variance of log lambda that the line explains; nothing
        where under three eigenvalues are in the range.
    """
    eigenvalues = singular_values(features).square()[FIRST - 1 : LAST]
    if len(eigenvalues) < FEWEST:
        return {}
    j = torch.arange(FIRST, FIRST + len(eigenvalues), dtype=torch.float64)
    weights = 1 / j / (1 / j).sum()
    x, y = j.log(), eigenvalues.log()
    x, y = x - (weights * x).sum(), y - (weights * y).sum()
    slope = (weights * x * y).sum() / (weights * x * x).sum()
    left, whole = (weights * (y - slope * x) ** 2).sum(), (weights * y * y).sum()
    explained = 1.0 if whole == 0 else float(1 - left / whole)
    return {"alpha": -float(slope), "r2": explained}


@torch.no_grad()
def lidar(views: Float[Tensor, "n q d"], delta: float = 1e-4) -> float:
    """LiDAR (Thilak et al., 2023), https://arxiv.org/abs/2312.04000, section 3, equations 1 to 4.

    A linear discriminant analysis in which each picture is a class and its views are the members: the entropy
    rank of S_w^(-1/2) S_b S_w^(-1/2), S_b being the covariance of the pictures' means and S_w that of views
    around them, plus a little of the identity. How many directions tell pictures apart, measured in units of
    what augmentation does to them.

    Two deviations: the paper reads the projections where the loss lives, and here are the encoder's features,
    which every method has; and ``delta`` is a share of S_w's mean variance, where the paper's is a number, so
    that features in other units give the same answer.

    Args:
        views: features of q views of each of n pictures; the authors take n = 1,000 and q of 10 to 50.

    Returns:
        From 1 to min(n - 1, d); 0 when no direction tells pictures apart.
    """
    x = views.detach().cpu().double()
    n, q, d = x.shape
    means = x.mean(1)
    between, within = means - means.mean(0), (x - means[:, None]).flatten(0, 1)
    between, within = between.T @ between / n, within.T @ within / (n * q)
    scale = float(x.abs().max()) if x.numel() else 0.0
    floor = (torch.finfo(torch.float32).eps * scale) ** 2
    # Where augmentation changes nothing at all, there is no unit: the identity stands in for it.
    ridge = delta * max(float(within.trace()) / d, floor) or 1.0
    values, vectors = torch.linalg.eigh(within + ridge * torch.eye(d, dtype=torch.float64))
    whitening = vectors * values.clamp(min=ridge).rsqrt()
    spectrum: Tensor = torch.linalg.eigvalsh(whitening.T @ between @ whitening).clamp(min=0)
    if float(between.trace()) <= floor * d:
        return 0.0
    return entropy_rank(spectrum, EPSILON)
