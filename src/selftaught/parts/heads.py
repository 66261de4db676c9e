"""Projectors and predictors: a few linear layers that are thrown away after training."""

from torch import nn


def mlp(dim: int, *widths: int, last_norm: bool = False, last_bias: bool = True) -> nn.Sequential:
    """Linear layers with batch-norm and ReLU between them.

    Args:
        dim: width of the input.
        widths: widths of the layers, the last being the output.
        last_norm: batch-norm after the last layer too (SimCLR's authors).
        last_bias: a bias in the last layer; the others have none, since a norm follows.
    """
    layers: list[nn.Module] = []
    for width in widths[:-1]:
        layers += [nn.Linear(dim, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
        dim = width
    layers.append(nn.Linear(dim, widths[-1], bias=last_bias))
    if last_norm:
        layers.append(nn.BatchNorm1d(widths[-1]))
    return nn.Sequential(*layers)
