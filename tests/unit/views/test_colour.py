import itertools

import pytest
import torch
from torchvision.transforms.v2 import functional as reference

from selftaught.views.batched.colour import (
    grayscale_,
    jitter_,
    luminance,
    rounds,
    scratch,
    shift_hue_,
)
from selftaught.views.plan import ORDERS

OPERATIONS = (
    reference.adjust_brightness,
    reference.adjust_contrast,
    reference.adjust_saturation,
    reference.adjust_hue,
)


def pictures(n: int, c: int = 3) -> torch.Tensor:
    """Every second with many greys, blacks, whites and pure colours, where hue has corners."""
    seed = torch.Generator().manual_seed(1)
    soft = torch.rand(n, c, 16, 16, generator=seed)
    hard = torch.randint(0, 3, (n, c, 16, 16), generator=seed) / 2
    return torch.where(torch.arange(n)[:, None, None, None] % 2 == 0, soft, hard)


def planes(n: int) -> torch.Tensor:
    return scratch(n, 16, torch.device("cpu")).fill_(torch.nan)


def jitter(
    pictures: torch.Tensor, blends: torch.Tensor, shift: torch.Tensor | None
) -> torch.Tensor:
    return jitter_(pictures.clone(), blends, shift, planes(len(pictures)))


def shift_hue(pictures: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    return shift_hue_(pictures.clone(), shift, planes(len(pictures)))


def factors(n: int) -> torch.Tensor:
    u = torch.rand(n, 4, generator=torch.Generator().manual_seed(2))
    return torch.cat([0.2 + 1.6 * u[:, :3], u[:, 3:] - 0.5], dim=1)


def test_the_orders_are_all_permutations() -> None:
    assert sorted(map(tuple, ORDERS.tolist())) == sorted(itertools.permutations(range(4)))


def test_every_order_is_that_of_torchvision() -> None:
    n = 24 * 4
    order, factor, start = ORDERS.repeat(4, 1), factors(n), pictures(n)
    views = jitter(start, rounds(factor, order.to(torch.int8)), factor[:, 3])
    for row in range(n):
        want = start[row].double()
        for operation in order[row].tolist():
            want = OPERATIONS[operation](want, float(factor[row, operation]))
        torch.testing.assert_close(views[row].double(), want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shift", [-0.5, -0.2, -1 / 6, 0.0, 0.1, 1 / 3, 0.5])
def test_hue_is_that_of_torchvision(shift: float) -> None:
    start = pictures(32)
    turned = shift_hue(start, torch.full((32,), shift))
    want = reference.adjust_hue(start.double(), float(torch.tensor(shift)))
    torch.testing.assert_close(turned.double(), want, rtol=0, atol=2e-6)


def test_without_hue_the_order_of_the_others_is_kept() -> None:
    factor = factors(24)
    factor[:, 3] = 0
    start = pictures(24)
    blends = rounds(factor, ORDERS)
    torch.testing.assert_close(
        jitter(start, blends, None), jitter(start, blends, factor[:, 3]), rtol=0, atol=1e-5
    )


def test_neutral_factors_change_nothing() -> None:
    start = pictures(24)
    neutral = torch.tensor([1.0, 1.0, 1.0, 0.0]).expand(24, -1)
    assert torch.equal(jitter(start, rounds(neutral, ORDERS), None), start)
    torch.testing.assert_close(shift_hue(start, torch.zeros(24)), start, rtol=0, atol=1e-6)


def test_grayscale_is_that_of_torchvision_and_only_for_the_chosen() -> None:
    start = pictures(8)
    chosen = torch.arange(8) < 4
    views = grayscale_(start.clone(), chosen, planes(8))
    want = reference.rgb_to_grayscale(start[:4], num_output_channels=3)
    torch.testing.assert_close(views[:4], want, rtol=0, atol=1e-6)
    assert torch.equal(views[4:], start[4:])


def test_other_channel_counts_know_brightness_and_contrast() -> None:
    start = pictures(2, c=5)
    assert torch.allclose(luminance(start, planes(2)[0]), start.mean(1, keepdim=True))
    factor = torch.tensor([[1.3, 0.5, 1.0, 0.0]] * 2)
    order = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
    views = jitter(start, rounds(factor, order), None)
    bright = (start[0] * 1.3).clamp(0, 1)
    torch.testing.assert_close(views[0], (0.5 * bright + 0.5 * bright.mean()).clamp(0, 1))
    flat = 0.5 * start[1] + 0.5 * start[1].mean()
    torch.testing.assert_close(views[1], (flat * 1.3).clamp(0, 1))


def test_one_channel_is_that_of_torchvision() -> None:
    start = pictures(1, c=1)
    views = jitter(start, rounds(torch.tensor([[1.2, 0.6, 1.0, 0.0]]), ORDERS[:1]), None)
    want = reference.adjust_contrast(reference.adjust_brightness(start, 1.2), 0.6)
    torch.testing.assert_close(views, want, rtol=0, atol=1e-6)
