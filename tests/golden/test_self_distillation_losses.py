"""The losses of self-distillation against slow float64 loops written from their equations."""

import math

import pytest
import torch
from torch import Tensor

from selftaught.methods.self_distillation.dino import distillation
from selftaught.methods.self_distillation.ibot import masked
from selftaught.methods.self_distillation.simsiam import negative_cosine
from selftaught.parts.centre import Sharpener


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def softmax(row: list[float], temperature: float) -> list[float]:
    powers = [math.exp(x / temperature) for x in row]
    return [x / sum(powers) for x in powers]


def cross_entropy(t: list[float], s: list[float], temperature: float) -> float:
    """H(t, s) of DINO's equation 2: t are probabilities, s are logits."""
    return -sum(a * math.log(b) for a, b in zip(t, softmax(s, temperature), strict=True))


def test_simsiam_is_equation_1() -> None:
    p, z = random(7, 5), random(7, 5, seed=1)
    expected = 0.0
    for a, b in zip(p.tolist(), z.tolist(), strict=True):
        la, lb = math.sqrt(sum(x * x for x in a)), math.sqrt(sum(y * y for y in b))
        expected -= sum(x / la * y / lb for x, y in zip(a, b, strict=True)) / 7
    assert negative_cosine(p, z).item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("v", "c"), [(2, 2), (2, 5), (3, 4)])
def test_dino_is_equation_3(v: int, c: int) -> None:
    """The sum over full views and all other crops, over the number of these pairs."""
    n, k = 4, 6
    t, s = random(v, n, k).softmax(dim=-1), random(c, n, k, seed=1)
    terms = [
        sum(cross_entropy(t[i, row].tolist(), s[j, row].tolist(), 0.3) for row in range(n)) / n
        for i in range(v)
        for j in range(c)
        if i != j
    ]
    assert len(terms) == v * c - v
    assert distillation(t, s, 0.3).item() == pytest.approx(sum(terms) / len(terms), rel=1e-10)


def test_dino_of_indifferent_networks_is_the_logarithm_of_the_prototypes() -> None:
    t, s = torch.full((2, 3, 8), 1 / 8), torch.ones(6, 3, 8)
    assert distillation(t, s, 0.1).item() == pytest.approx(math.log(8), rel=1e-6)


def test_ibot_is_equation_2_over_the_hidden_patches_of_each_view() -> None:
    m, p, k = 3, 5, 4
    t, s = random(m, p, k).softmax(dim=-1), random(m, p, k, seed=1)
    hidden = torch.tensor([[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]]).bool()
    expected = 0.0
    for view in range(m):
        terms = [
            cross_entropy(t[view, patch].tolist(), s[view, patch].tolist(), 0.2)
            for patch in range(p)
            if hidden[view, patch]
        ]
        expected += sum(terms) / max(len(terms), 1) / m
    assert masked(t, s, hidden, 0.2).item() == pytest.approx(expected, rel=1e-10)


def test_the_teachers_probabilities_are_equation_1_with_the_centre_taken_off() -> None:
    sharpen = Sharpener(4, (0.05, 0.05), 0.0).double()
    raw, centre = random(3, 4), random(4, seed=1)
    sharpen.centre.value.copy_(centre)
    found = sharpen(raw)
    for row in range(3):
        shifted = [x - c for x, c in zip(raw[row].tolist(), centre.tolist(), strict=True)]
        expected = softmax(shifted, sharpen.heat.item())
        assert found[row].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-15)
