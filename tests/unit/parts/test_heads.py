import pytest
import torch
from torch import nn

from selftaught.errors import Refusal
from selftaught.parts.heads import UnitRows, check_ends, mlp, prototype_head


def kinds(head: nn.Sequential) -> list[str]:
    return [type(layer).__name__ for layer in head]


def test_a_predictor_that_ends_otherwise_than_the_projector_is_refused() -> None:
    check_ends("byol", (8, 4), (16, 4))
    with pytest.raises(
        Refusal, match=r"byol: .* ends in 5 and the projector in 4.*same last width"
    ):
        check_ends("byol", (5, 4), (4, 5))


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


def test_the_head_of_dino_has_three_layers_a_bottleneck_and_prototypes() -> None:
    assert kinds(prototype_head(8, 16, 16, 4, count=9)) == [
        *["Linear", "GELU"] * 2,
        "Linear",
        "UnitRows",
    ]
    normed = ["Linear", "BatchNorm1d", "GELU"]
    assert kinds(prototype_head(8, 16, 4, count=9, norm=True)) == [*normed, "Linear", "UnitRows"]


def test_prototypes_answer_with_cosines_for_every_token() -> None:
    rows, x = UnitRows(4, 9), torch.randn(2, 3, 4)
    expected = torch.cosine_similarity(x[:, :, None], rows.weight, dim=-1)
    torch.testing.assert_close(rows(x), expected)


def test_unit_rows_are_weight_normalisation_whose_lengths_stay_1() -> None:
    rows, plain = UnitRows(4, 9), nn.Linear(4, 9, bias=False)
    plain.weight = nn.Parameter(rows.weight.detach().clone())
    normed = nn.utils.parametrizations.weight_norm(plain)
    normed.parametrizations.weight.original0.data.fill_(1)
    x = nn.functional.normalize(torch.randn(5, 4), dim=-1)
    target = torch.randn(5, 9)
    for each in (rows, normed):
        (each(x) * target).sum().backward()
    torch.testing.assert_close(rows(x), normed(x))
    torch.testing.assert_close(rows.weight.grad, normed.parametrizations.weight.original1.grad)


def test_a_narrow_head_of_prototypes_has_gradients_as_a_wide_one_has() -> None:
    sizes = []
    for width in (32, 512):
        torch.manual_seed(0)
        head = prototype_head(64, width, width, 32, count=50)
        x = torch.randn(100, 64, requires_grad=True)
        (head(x) * torch.randn(100, 50)).sum().backward()
        sizes.append(float(x.grad.norm()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.5)
