"""Spectrum (Garrido et al., 2023), https://arxiv.org/abs/2210.02885, section 3.

How many directions do the features use, and how evenly, without asking for any label?

The numbers of health (read during training too), and what is said to foretell a probe's accuracy: RankMe,
alpha-ReQ, LiDAR, alignment and uniformity (``indicators``). A collapsed encoder gives every picture the same
feature, or features along a few directions alone. All are to be read beside those of the untrained encoder: a
ResNet-18 that never trained has 90 % of its variance in 6 of 512 directions, so few alone prove nothing.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.evaluation.augmented import features_of_views, shown
from selftaught.evaluation.indicators import (
    alpha_req,
    entropy_rank,
    lidar,
    rankme,
    singular_values,
)
from selftaught.evaluation.results import Pool, Result, Subject, curve
from selftaught.keys import shuffle
from selftaught.measures import Measure
from selftaught.types import Count, Seed

MEASURE = Measure("rankme", "RankMe", share=False, higher=None)

LABELS = False
"""It needs none."""

POINTS = 48
"""Of a curve, at most: evenly on a logarithmic axis."""


@torch.no_grad()
def effective_rank(features: Float[Tensor, "n d"]) -> float:
    """exp of the entropy of the singular values, divided by their sum, of the centred features.

    Roy and Vetterli, "The effective rank", EUSIPCO 2007, definition 1; RankMe (Garrido et al.,
    2023, https://arxiv.org/abs/2210.02885, equation 1) is the same without the centring. Centring
    is what tells features that share one large mean from features that move.

    Returns:
        From 1, all along one line, to min(n - 1, d), evenly spread; 0 when all features are equal.
    """
    return entropy_rank(singular_values(features))


@torch.no_grad()
def spread(features: Float[Tensor, "n d"]) -> float:
    """Standard deviation of the L2-normalised features over pictures, mean over dimensions, times
    sqrt(d).

    Chen and He, "Exploring Simple Siamese Representation Learning", 2020,
    https://arxiv.org/abs/2011.10566, section 4.1: about 1 when directions are uniform on the
    sphere, 0 when all are one.
    """
    x = F.normalize(features.float(), dim=-1)
    return float(x.std(0, correction=0).mean() * x.shape[1] ** 0.5)


@torch.no_grad()
def mean_cosine(features: Float[Tensor, "n d"]) -> float:
    """Mean cosine between two different pictures' features, over all pairs: 1 when all point one
    way."""
    x = F.normalize(features.cpu().double(), dim=-1)
    n = len(x)
    return float((x.sum(0).square().sum() - x.square().sum()) / (n * (n - 1)))


@torch.no_grad()
def alignment(one: Float[Tensor, "n d"], other: Float[Tensor, "n d"]) -> float:
    """Mean squared distance between the normalised features of two views of a picture; 0 is
    aligned.

    Wang and Isola, 2020, https://arxiv.org/abs/2005.10242, section 4.1 with alpha = 2.
    """
    distance = F.normalize(one, dim=-1) - F.normalize(other, dim=-1)
    return float(distance.square().sum(-1).mean())


@torch.no_grad()
def uniformity(features: Float[Tensor, "n d"]) -> float:
    """log of the mean of exp(-2 distance ** 2) over pairs of normalised features; 0 when all are
    one.

    Wang and Isola, 2020, https://arxiv.org/abs/2005.10242, section 4.1 with t = 2; lower is more
    uniform.
    """
    x = F.normalize(features, dim=-1)
    return float(torch.pdist(x).square().mul(-2).exp().mean().log())


def health(features: Float[Tensor, "n d"]) -> dict[str, float]:
    """The three numbers that need one view alone, by name."""
    return {
        "effective_rank": effective_rank(features),
        "spread": spread(features),
        "mean_cosine": mean_cosine(features),
    }


def protocol(
    pool: Pool,
    subject: Subject,
    *,
    pictures: Count = 25600,
    augmented: Count = 1000,
    views: Count = 10,
    seed: Seed = 0,
) -> Result:
    """RankMe of the bank's features; the other indicators, and the spectrum as a curve, stand beside it.

    Args:
        pictures: of the bank, at most (the number of RankMe's authors).
        augmented: of these pictures, at most, views are made for LiDAR, alignment and uniformity.
        views: of each of them, by SimCLR's augmentation in the variant that suits the data; an even number.
        seed: of the augmentation.
    """
    rows = shuffle(len(pool.bank), seed=0, epoch=0)
    some = rows[:pictures].sort().values
    features = pool.bank[some.to(pool.bank.device)]
    looks = shown(subject, "symmetric", 2 * ((views + 1) // 2))
    shown_rows = rows[:augmented].sort().values
    made = features_of_views(subject, subject.bank.subset(shown_rows), looks, seed=seed)
    one, other = made[:, 0::2].flatten(0, 1), made[:, 1::2].flatten(0, 1)
    values, deviation = singular_values(features), features.double().std(0, correction=0)
    power_law = alpha_req(features)
    scores = {
        **health(features),
        **({"alpha_req": power_law["alpha"], "alpha_req_r2": power_law["r2"]} if power_law else {}),
        "lidar": lidar(made),
        "alignment": alignment(one, other),
        "uniformity": uniformity(made[:, 0]),
        "dead_dimensions": float((deviation <= 1e-6 * deviation.max()).double().mean()),
    }
    curves = {
        "singular_values": _falling(values, up="singular value, of the largest"),
        "deviation_of_dimensions": _falling(
            deviation.cpu().sort(descending=True).values, up="deviation, of the largest"
        ),
    }
    return Result.measured(
        pool,
        MEASURE,
        rankme(features),
        scores=scores,
        curves={name: line for name, line in curves.items() if line["x"]},
        dimensions=features.shape[1],
        pictures_read=len(features),
        pictures_augmented=len(made),
        views_used=made.shape[1],
        augmentation="the preset 'symmetric'",
        chosen_on="nothing is chosen",
    )


def _falling(values: Float[Tensor, " k"], *, up: str) -> dict[str, object]:
    """A curve of values over their ranks, as shares of the first; without those that are zero."""
    values = values[values > 0]
    if len(values) == 0:
        return {"x": []}
    spaced = torch.logspace(0, torch.tensor(float(len(values))).log10().item(), POINTS)
    ranks = torch.unique(spaced.round().long().clamp(1, len(values)))
    shares = values[ranks - 1] / values[0]
    return curve(ranks.double().tolist(), shares.double().tolist(), across="rank", up=up)
