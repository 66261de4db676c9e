import torch
from torch import nn

from selftaught.parts.heads import mlp


def kinds(head: nn.Sequential) -> list[str]:
    return [type(layer).__name__ for layer in head]


def test_layers_stand_in_the_authors_order() -> None:
    middle = ["Linear", "BatchNorm1d", "ReLU"]
    assert kinds(mlp(8, 16, 4)) == [*middle, "Linear"]
    assert kinds(mlp(8, 16, 16, 4)) == [*middle, *middle, "Linear"]
    assert kinds(mlp(8, 16, 4, last_norm=True)) == [*middle, "Linear", "BatchNorm1d"]
    assert kinds(mlp(8, 4)) == ["Linear"]


def test_only_the_last_layer_may_have_a_bias() -> None:
    for last_bias in (True, False):
        linears = [m for m in mlp(8, 16, 16, 4, last_bias=last_bias) if isinstance(m, nn.Linear)]
        assert [m.bias is not None for m in linears] == [False, False, last_bias]


def test_widths_are_as_given() -> None:
    head = mlp(8, 16, 32, 4)
    assert head(torch.randn(5, 8)).shape == (5, 4)
    assert [tuple(m.weight.shape) for m in head if isinstance(m, nn.Linear)] == [
        (16, 8),
        (32, 16),
        (4, 32),
    ]
