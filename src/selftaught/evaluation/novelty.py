"""How unlike the training pictures a picture is, by frozen features: scores that rise with strangeness."""

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from selftaught.evaluation import knn

NOTHING = 1e-12
"""Share of the largest variance below which a direction is float32's rounding, and left out."""


def neighbour_distance(
    queries: Float[Tensor, "m d"], bank: Float[Tensor, "n d"], k: int
) -> Float[Tensor, " m"]:
    """Distance to the k-th nearest of the bank on L2-normalised features; to the farthest if k is larger.

    Sun, Ming, Zhu and Li, "Out-of-Distribution Detection with Deep Nearest Neighbors", 2022,
    https://arxiv.org/abs/2204.06507, section 3 and algorithm 1.
    """
    cosines, _ = knn.nearest(queries, bank, min(k, len(bank)))
    return (2 - 2 * cosines[:, -1]).clamp(min=0).sqrt()


@torch.no_grad()
def mahalanobis_distance(
    queries: Float[Tensor, "m d"],
    bank: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"] | None = None,
) -> Float64[Tensor, " m"]:
    """Squared Mahalanobis distance to the nearest class, the classes sharing one covariance.

    Lee, Lee, Lee and Shin, "A Simple Unified Framework for Detecting Out-of-Distribution Samples and
    Adversarial Attacks", 2018, https://arxiv.org/abs/1807.03888, equations 1 and 2, on one layer and without
    the perturbation of the input that they add. The covariance's pseudo-inverse stands for its inverse, as in
    their code.

    Args:
        labels: classes of the bank; without them all pictures are one.
    """
    # Apple's GPUs have no float64.
    device = torch.device("cpu") if bank.device.type == "mps" else bank.device
    x, asked = bank.to(device).double(), queries.to(device).double()
    if labels is None:
        which = torch.zeros(len(x), dtype=torch.int64, device=device)
    else:
        which = torch.unique(labels.to(device), return_inverse=True)[1]
    counts = which.bincount().double()
    means = x.new_zeros(len(counts), x.shape[1]).index_add_(0, which, x) / counts[:, None]
    rest = x - means[which]
    precision = torch.linalg.pinv(rest.T @ rest / len(x), rtol=NOTHING, hermitian=True)
    # (q - m)' P (q - m), expanded so that no [m, classes, d] is held.
    own = ((asked @ precision) * asked).sum(-1, keepdim=True)
    theirs = ((means @ precision) * means).sum(-1)
    squared: Tensor = own - 2 * asked @ precision @ means.T + theirs
    return squared.amin(-1).clamp(min=0)


def separation(usual: Float[Tensor, " m"], strange: Float[Tensor, " p"]) -> dict[str, float]:
    """How well a score tells strange pictures from usual ones.

    Returns:
        ``auroc``: the chance that a strange picture scores above a usual one, ties counting half; ``fpr95``:
        the share of strange pictures that pass where 95 % of the usual ones do (usual is the positive class,
        as in the papers), 0 best.
    """
    from sklearn.metrics import roc_auc_score

    scores = torch.cat([usual.cpu().double(), strange.cpu().double()]).numpy()
    truth = [0] * len(usual) + [1] * len(strange)
    ordered = usual.cpu().double().sort().values
    limit = ordered[-(-95 * len(ordered) // 100) - 1]
    passed = (strange.cpu().double() <= limit).double().mean()
    return {"auroc": float(roc_auc_score(truth, scores)), "fpr95": float(passed)}
