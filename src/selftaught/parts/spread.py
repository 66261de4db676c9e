"""Spreading features over the sphere by pushing each away from its nearest neighbour."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

TINY = 1e-8
"""Added to distances, so that two equal rows cost much and not infinitely much."""


def koleo(x: Float[Tensor, "*v n p"]) -> Float[Tensor, ""]:
    """Kozachenko and Leonenko's estimate of entropy, negated: mean of -log(distance to the nearest row).

    Sablayrolles et al., 2019, https://arxiv.org/abs/1806.03198, equation 2, on rows of unit length; neighbours
    are looked for among the n rows of the same view and rank, as in the authors' code of DINOv2. Half
    precision is widened.
    """
    with torch.autocast(x.device.type, enabled=False):
        x = F.normalize(x.to(torch.promote_types(x.dtype, torch.float32)), dim=-1)
        alike = x.detach() @ x.detach().mT
        alike.diagonal(dim1=-2, dim2=-1).fill_(-2)  # nobody is their own neighbour
        nearest = alike.argmax(dim=-1, keepdim=True).expand_as(x)
        distance = F.pairwise_distance(x, x.gather(-2, nearest), eps=TINY)
        return -(distance + TINY).log().mean()
