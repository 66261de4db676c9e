"""Projectors and predictors: a few linear layers that are thrown away after training."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.errors import Refusal


def check_ends(method: str, projector: Sequence[int], predictor: Sequence[int]) -> None:
    """A prediction is compared with a projection, so both must be equally wide.

    Raises:
        Refusal: they are not.
    """
    if predictor[-1] != projector[-1]:
        raise Refusal(
            f"{method}: the predictor ends in {predictor[-1]} and the projector in {projector[-1]}; "
            "one is compared with the other, so give both the same last width."
        )


def mlp(
    dim: int,
    *widths: int,
    norm: bool = True,
    last_norm: bool = False,
    last_affine: bool = True,
    last_bias: bool = True,
) -> nn.Sequential:
    """Linear layers with batch-norm and ReLU between them.

    Args:
        dim: width of the input.
        widths: widths of the layers, the last being the output.
        norm: batch-norm before each ReLU; without it (MoCo v2) every layer has a bias.
        last_norm: batch-norm after the last layer too (SimCLR's authors).
        last_affine: whether that last norm has a scale and an offset of its own (SimSiam's has none).
        last_bias: a bias in the last layer; the others have none, since a norm follows.
    """
    layers: list[nn.Module] = []
    for width in widths[:-1]:
        layers.append(nn.Linear(dim, width, bias=not norm))
        layers += [nn.BatchNorm1d(width)] if norm else []
        layers.append(nn.ReLU(inplace=True))
        dim = width
    layers.append(nn.Linear(dim, widths[-1], bias=last_bias))
    if last_norm:
        layers.append(nn.BatchNorm1d(widths[-1], affine=last_affine))
    return nn.Sequential(*layers)


class UnitRows(nn.Module):
    """A last layer of unit rows: a linear layer under weight normalisation whose lengths stay 1.

    On input of unit length its outputs are cosines.
    """

    def __init__(self, dim: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, dim))
        nn.init.trunc_normal_(self.weight, std=dim**-0.5)

    def forward(self, x: Float[Tensor, "*n p"]) -> Float[Tensor, "*n k"]:
        return F.linear(F.normalize(x, dim=-1), F.normalize(self.weight, dim=-1))


def prototype_head(dim: int, *widths: int, count: int, norm: bool = False) -> nn.Sequential:
    """DINO's head: linear layers with GELU between, a bottleneck of unit length, then ``UnitRows``.

    Args:
        dim: width of the input.
        widths: widths of the layers, the last being the bottleneck.
        count: how many prototypes, the width of the output.
        norm: batch-norm before each GELU, as the authors have it for ResNets alone.
    """
    layers: list[nn.Module] = []
    for place, width in enumerate(widths):
        linear = nn.Linear(dim, width)
        # The authors' 0.02 is this at their width of 2048. In a narrow head it would leave next to nothing,
        # and to bring that to unit length makes its gradients explode.
        nn.init.trunc_normal_(linear.weight, std=dim**-0.5)
        nn.init.zeros_(linear.bias)
        layers.append(linear)
        if place < len(widths) - 1:
            layers += [nn.BatchNorm1d(width)] if norm else []
            layers.append(nn.GELU())
        dim = width
    return nn.Sequential(*layers, UnitRows(dim, count))
