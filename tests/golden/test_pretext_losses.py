"""The losses of pretext tasks against slow float64 loops written from the papers."""

import math

import pytest
import torch
from torch import Tensor

from selftaught.methods.pretext.jigsaw import normalised
from selftaught.methods.pretext.rotnet import cross_entropy, rotations


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_cross_entropy_is_equations_2_and_3_of_rotnet() -> None:
    """Averaged over pictures and, within each, over the K = 4 rotations."""
    logits = random(12, 4)
    turns = torch.arange(4).repeat_interleave(3)
    total = 0.0
    for i in range(3):
        for y in range(4):
            row = [math.exp(value) for value in logits[3 * y + i].tolist()]
            total -= math.log(row[y] / sum(row)) / 4 / 3
    assert cross_entropy(logits, turns).item() == pytest.approx(total, rel=1e-12)


def test_a_picture_is_turned_by_quarters() -> None:
    v = random(2, 3, 5, 5)
    turned = rotations(v)
    for turns in range(4):
        for i in range(2):
            for y in range(5):
                for x in range(5):
                    a, b = y, x
                    for _ in range(turns):  # where a counter-clockwise quarter brings it
                        a, b = 4 - b, a
                    assert torch.equal(turned[2 * turns + i, :, a, b], v[i, :, y, x])


def test_jigsaw_normalises_every_channel_of_every_tile() -> None:
    x = 4 * random(2, 9, 3, 4, 4) - 2
    expected = torch.zeros_like(x)
    for place in torch.cartesian_prod(torch.arange(2), torch.arange(9), torch.arange(3)).tolist():
        i, tile, channel = place
        pixels = x[i, tile, channel].flatten().tolist()
        mean = sum(pixels) / 16
        variance = sum((each - mean) ** 2 for each in pixels) / 16
        expected[i, tile, channel] = (x[i, tile, channel] - mean) / math.sqrt(variance + 1e-5)
    torch.testing.assert_close(normalised(x), expected, rtol=1e-12, atol=1e-12)
    assert normalised(torch.ones(1, 9, 3, 4, 4)).abs().max() == 0
