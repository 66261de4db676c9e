"""The losses of masked modelling against slow float64 loops written from the papers."""

import math

import pytest
import torch
from torch import Tensor

from selftaught.methods.masked_modelling import ijepa, mae, simmim
from selftaught.parts.tiles import levelled


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_mae_normalises_each_patch_by_its_own_mean_and_deviation() -> None:
    x = 3 * random(2, 4, 6) + 5
    expected = torch.zeros_like(x)
    for i in range(2):
        for k in range(4):
            row = x[i, k].tolist()
            mean = sum(row) / 6
            variance = sum((each - mean) ** 2 for each in row) / 5
            for j in range(6):
                expected[i, k, j] = (row[j] - mean) / math.sqrt(variance + 1e-6)
    torch.testing.assert_close(levelled(x), expected, rtol=1e-12, atol=1e-12)
    assert levelled(torch.ones(1, 2, 6)).isfinite().all()


def test_mae_is_the_mean_squared_error_of_hidden_patches() -> None:
    g, x = random(2, 3, 5), random(2, 3, 5, seed=1)
    total = 0.0
    for i in range(2):
        for k in range(3):
            patch = sum((float(g[i, k, j]) - float(x[i, k, j])) ** 2 for j in range(5)) / 5
            total += patch / (2 * 3)
    assert mae.reconstruction(g, x).item() == pytest.approx(total, rel=1e-12)


def test_simmim_is_the_mean_absolute_error_of_hidden_pixels() -> None:
    """|| y - x ||_1 over hidden pixels, divided by their number (section 3.4)."""
    g, x = random(2, 3, 5), random(2, 3, 5, seed=1)
    total, number = 0.0, 0
    for i in range(2):
        for k in range(3):
            for j in range(5):
                total += abs(float(g[i, k, j]) - float(x[i, k, j]))
                number += 1
    assert simmim.reconstruction(g, x).item() == pytest.approx(total / number, rel=1e-12)


def test_ijepa_is_a_square_below_1_and_straight_above() -> None:
    g, t = 2 * random(2, 3, 5), random(2, 3, 5, seed=1)
    total = 0.0
    for a, b in zip(g.flatten().tolist(), t.flatten().tolist(), strict=True):
        apart = abs(a - b)
        total += (apart**2 / 2 if apart < 1 else apart - 0.5) / 30
    assert ijepa.prediction(g, t).item() == pytest.approx(total, rel=1e-12)
