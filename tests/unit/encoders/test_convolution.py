from typing import Any

import pytest
import torch
import torch.nn.functional as F

from selftaught.encoders import convolution as module
from selftaught.encoders.convolution import SMALL, Convolution, patches


def of(side: int = 3, stride: int = 1, inputs: int = 24, outputs: int = 40) -> Convolution:
    torch.manual_seed(0)
    return Convolution(inputs, outputs, side, stride).to(memory_format=torch.channels_last)


def maps(size: int, inputs: int = 24) -> torch.Tensor:
    x = torch.randn(6, inputs, size, size, generator=torch.Generator().manual_seed(1))
    return x.to(memory_format=torch.channels_last).requires_grad_()


def gradients(
    layer: Convolution, x: torch.Tensor, plain: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The answer, and what came back to the maps and to the kernel, in bfloat16."""
    layer.zero_grad()
    x.grad = None
    with torch.autocast("cpu", torch.bfloat16):
        y = F.conv2d(x, layer.weight, None, layer.stride, layer.padding) if plain else layer(x)
    y.float().mul(torch.linspace(-1, 2, y.numel()).view_as(y)).sum().backward()
    assert x.grad is not None and layer.weight.grad is not None
    return y, x.grad.clone(), layer.weight.grad.clone()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the maps whose patches were taken."""
    seen = []

    def spy(x: torch.Tensor, *how: Any) -> torch.Tensor:
        seen.append(x.shape[-1])
        return patches(x, *how)

    monkeypatch.setattr(module, "patches", spy)
    return seen


@pytest.mark.parametrize(
    ("side", "stride", "size"), [(3, 1, 8), (3, 1, 1), (3, 2, 8), (3, 2, 15), (1, 1, 5), (1, 2, 6)]
)
def test_gradients_are_those_of_torch(side: int, stride: int, size: int, calls: list[int]) -> None:
    layer, x = of(side, stride), maps(size)
    answer, back, own = gradients(layer, x, plain=False)
    assert calls == [size]
    want_answer, want_back, want_own = gradients(layer, x, plain=True)
    assert torch.equal(answer, want_answer) and torch.equal(back, want_back)
    # Of sums that are rounded to bfloat16 both are as far from the truth as its last digit.
    assert own.dtype == torch.float32 and own.shape == want_own.shape
    assert (own - want_own).norm() < 0.004 * want_own.norm()


def test_the_gradient_of_a_kernel_is_that_of_float64() -> None:
    layer, x = of(), maps(4)
    *_, own = gradients(layer, x, plain=False)
    half = [t.detach().bfloat16().double().requires_grad_() for t in (x, layer.weight)]
    y = F.conv2d(half[0], half[1], None, 1, 1)
    weights = torch.linspace(-1, 2, y.numel()).view_as(y)
    y.mul(weights.bfloat16().double()).sum().backward()
    assert half[1].grad is not None
    assert (own - half[1].grad).norm() < 0.003 * half[1].grad.norm()


def test_elsewhere_it_is_torchs_own(calls: list[int]) -> None:
    layer = of()
    for plain in (False, True):
        gradients(layer, maps(SMALL + 1), plain)
    layer(maps(4)).sum().backward()  # float32
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        layer(maps(4))
    assert calls == []


def test_what_needs_no_gradient_gets_none(calls: list[int]) -> None:
    layer = of()
    layer.weight.requires_grad_(False)
    x = maps(4)
    with torch.autocast("cpu", torch.bfloat16):
        layer(x).sum().backward()
    assert calls == [] and x.grad is not None and layer.weight.grad is None


def test_patches_are_what_each_place_sees() -> None:
    x = maps(5)
    for side, stride in ((3, 1), (3, 2), (1, 2)):
        layer = of(side, stride)
        rows = patches(x, side, stride) @ layer.weight.permute(0, 2, 3, 1).flatten(1).T
        want = layer(x).permute(0, 2, 3, 1).flatten(0, 2)
        torch.testing.assert_close(rows, want, rtol=0, atol=1e-5)


def test_the_weights_are_called_as_torchs_are() -> None:
    assert list(of().state_dict()) == ["weight"]
