"""Which pictures are put on the sheet: the likelier, the more they tell the contestants apart.

Where exactly one of two encoders is right their difference is decided, and nowhere else; a picture should be
drawn with a chance proportional to the root of how often that happens (Sawade, Landwehr and Scheffer, "Active
Comparison of Prediction Models", NIPS 2012, for losses of 0 and 1). Labels would tell; in their stead stand
clusterings of each contestant's features, and who can read a cluster off a picture's neighbours: surrogates,
as in Kossen et al., "Active Testing" (ICML 2021), https://arxiv.org/abs/2103.05331. They may be wrong about
where contestants differ, and it costs luck, not honesty: every picture keeps half of the even chance, chances
are written down, and each picture later counts one over its own (Horvitz and Thompson, 1952), as a teacher
too.

The pictures are drawn independently of how alike they look. To spread them over the pool would cover it
better, and was tried; but a picture is then judged by others that were kept away from it, and accuracies fall
by points.
"""

import warnings
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float64, Int64
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from selftaught.keys import Keys, shuffle

CLUSTERS = (5, 10, 20)
NEIGHBOURS = 10

EVEN = 0.5
"""Share of the draws that is spread evenly: no picture counts more than twice as much as the even one."""


def unit(features: Float[Tensor, "p d"]) -> Float[Tensor, "p d"]:
    """Centred features of length one, on the CPU; those of a collapsed encoder, all alike, become zero."""
    found = features.detach().cpu().float()
    return F.normalize(found - found.mean(0), dim=-1)


def disagreement(
    features: Mapping[str, Float[Tensor, "p _"]], *, seed: int = 0
) -> Float[Tensor, " p"]:
    """For each picture the root of how often exactly one of two contestants can place it; 0 with one of them.

    Args:
        features: contestant to features of the same pictures, as ``unit`` gives them.
        seed: of the clusterings.
    """
    every = list(features.values())
    p = len(every[0])
    near = [_nearest(each, min(NEIGHBOURS, p - 1)) for each in every]
    one_right = torch.zeros(p)
    for clusters in {min(count, p) for count in CLUSTERS}:
        for each in every:
            own = _clustered(each, clusters, seed)
            right = torch.stack([_read(own, index, clusters) for index in near]).float().mean(0)
            one_right += right * (1 - right)
    return one_right.sqrt()


def _clustered(features: Float[Tensor, "p d"], clusters: int, seed: int) -> Int64[Tensor, " p"]:
    with warnings.catch_warnings():
        # Of a collapsed encoder there are fewer different features than clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(clusters, n_init=1, random_state=seed).fit(features.numpy())
    return torch.from_numpy(found.labels_).long()


def _nearest(features: Float[Tensor, "p d"], k: int) -> Int64[Tensor, "p k"]:
    """The k most alike of each picture, itself left out."""
    likeness = features @ features.T
    return likeness.fill_diagonal_(-torch.inf).topk(k).indices


def _read(
    own: Int64[Tensor, " p"], near: Int64[Tensor, "p k"], clusters: int
) -> Bool[Tensor, " p"]:
    """Whether a picture's neighbours name its cluster."""
    votes = torch.zeros(len(own), clusters).scatter_add_(1, own[near], torch.ones(near.shape))
    return votes.argmax(1) == own


def chances(scores: Float[Tensor, " p"], count: int) -> Float64[Tensor, " p"]:
    """Chances in (0, 1] that sum up to ``count``, at most p: a part spread evenly, the rest as the scores are.

    What would be above one is one, and the others share what that leaves.
    """
    p = len(scores)
    given = scores.double()
    total = float(given.sum())
    shares = given / total if total > 0 else torch.full((p,), 1 / p, dtype=torch.float64)
    shares = EVEN / p + (1 - EVEN) * shares
    sure = torch.zeros(p, dtype=torch.bool)
    while True:
        left = (count - int(sure.sum())) / shares[~sure].sum().clamp_min(1e-300)
        found = torch.where(sure, 1.0, left * shares)
        above = (found >= 1) & ~sure
        if not above.any():
            return found
        sure |= above


def draw(chances: Float64[Tensor, " p"], *, seed: int) -> Int64[Tensor, " n"]:
    """Rows, sorted, each drawn with exactly its chance; as many as the chances sum up to.

    Systematic sampling (Madow, 1949) of the pictures in a random order: their chances lie end to end on a line,
    and a comb of whole numbers, laid on it at random, picks one picture a tooth.
    """
    order = shuffle(len(chances), seed, epoch=0)
    start = float(Keys(seed, 0, torch.zeros(1, dtype=torch.int64)).uniform("comb"))
    ends = chances[order].cumsum(0)
    count = round(float(ends[-1]))
    ends[-1] = count  # rounding must not lose the last tooth
    teeth = start + torch.arange(count, dtype=torch.float64)
    return order[torch.searchsorted(ends, teeth, right=True)].sort().values
