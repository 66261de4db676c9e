"""Numbers of health: against numpy, and at the values that theory gives them."""

import numpy as np
import pytest
import torch

from selftaught.evaluation import spectrum


def noise(n: int, d: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(200, 30), (30, 200)])
def test_effective_rank_equals_numpy(shape: tuple[int, int]) -> None:
    x = noise(*shape) @ torch.diag(torch.logspace(0, -3, shape[1])) + 4
    values = np.linalg.svd((x - x.mean(0)).double().numpy(), compute_uv=False)
    p = values / values.sum()
    p = p[p > 1e-12]
    assert spectrum.effective_rank(x) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-3)


def test_effective_rank_counts_directions_that_move() -> None:
    basis = torch.linalg.qr(noise(20, 5)).Q  # 20 pictures, orthonormal columns
    basis = torch.linalg.qr(torch.cat([torch.ones(20, 1), basis], 1)).Q[:, 1:]  # centred
    features = basis @ torch.linalg.qr(noise(16, 5)).Q.T
    assert spectrum.effective_rank(features) == pytest.approx(5, rel=1e-4)
    assert spectrum.effective_rank(features + 3) == pytest.approx(5, rel=1e-3)
    line = torch.linspace(-1, 1, 50)[:, None] * noise(1, 16)
    assert spectrum.effective_rank(line + 100) == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("value", [0.0, 0.1, 1234.567])
def test_a_constant_encoder_has_collapsed(value: float) -> None:
    features = (noise(1, 64) * value + value).expand(500, 64)
    health = spectrum.health(features)
    assert health["effective_rank"] == 0
    assert health["spread"] < 1e-3
    if value:
        assert health["mean_cosine"] == pytest.approx(1)


def test_uniform_directions_are_healthy() -> None:
    health = spectrum.health(noise(4000, 64))
    assert health["effective_rank"] > 60
    assert health["spread"] == pytest.approx(1, abs=0.02)
    assert health["mean_cosine"] == pytest.approx(0, abs=0.01)


def test_mean_cosine_equals_all_pairs() -> None:
    x = noise(40, 6) + 0.5
    cosines = torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=-1)
    pairs = cosines[~torch.eye(40, dtype=torch.bool)]
    assert spectrum.mean_cosine(x) == pytest.approx(pairs.mean().item(), abs=1e-5)


def test_alignment_and_uniformity_equal_a_loop() -> None:
    x, y = noise(15, 4), noise(30, 4)[15:]
    x_, y_ = (v / v.norm(dim=1, keepdim=True) for v in (x.double(), y.double()))
    assert spectrum.alignment(x, y) == pytest.approx(
        float(np.mean([((a - b) ** 2).sum() for a, b in zip(x_, y_, strict=True)])), rel=1e-5
    )
    pairs = [((x_[i] - x_[j]) ** 2).sum() for i in range(15) for j in range(i)]
    expected = float(np.log(np.mean(np.exp(-2 * np.array(pairs)))))
    assert spectrum.uniformity(x) == pytest.approx(expected, rel=1e-5)
    assert spectrum.alignment(x, x * 3) == pytest.approx(0, abs=1e-10)
