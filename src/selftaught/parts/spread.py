"""Spreading features over the sphere by pushing each away from its nearest neighbour."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.distributed import gather, own_rows

TINY = 1e-8
"""Added to distances, so that two equal rows cost much and not infinitely much."""


def koleo(x: Float[Tensor, "*v n p"]) -> Float[Tensor, ""]:
    """Kozachenko and Leonenko's estimate of entropy, negated: mean of -log(distance to the nearest row).

    Sablayrolles et al., 2019, https://arxiv.org/abs/1806.03198, equation 2, on rows of unit length; neighbours
    are looked for among the rows of the same view, those of all ranks (in the authors' code of DINOv2, of
    one). Half precision is widened.
    """
    with torch.autocast(x.device.type, enabled=False):
        x = F.normalize(x.to(torch.promote_types(x.dtype, torch.float32)), dim=-1)
        every = gather(x.movedim(-2, 0)).movedim(0, -2)
        alike = x.detach() @ every.detach().mT
        own = own_rows(x.shape[-2]).start
        alike.diagonal(own, dim1=-2, dim2=-1).fill_(-2)  # nobody is their own neighbour
        nearest = alike.argmax(dim=-1, keepdim=True).expand_as(x)
        distance = F.pairwise_distance(x, every.gather(-2, nearest), eps=TINY)
        return -(distance + TINY).log().mean()
