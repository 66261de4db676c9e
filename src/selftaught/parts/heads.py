"""Projectors and predictors: a few linear layers that are thrown away after training."""

from torch import nn


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
