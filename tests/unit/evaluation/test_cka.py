"""CKA: against loops over the definitions, and what it must and must not change with."""

from itertools import permutations

import numpy as np
import pytest
import torch

from selftaught.evaluation import cka


def noise(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)).double()


def kornblith(x: np.ndarray, y: np.ndarray) -> float:
    """Equation 4 of Kornblith et al.: HSIC by centring matrices."""
    n = len(x)
    h = np.eye(n) - 1 / n

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        return float(np.trace(k @ h @ m @ h)) / (n - 1) ** 2

    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / (hsic(k, k) * hsic(m, m)) ** 0.5


def unbiased(k: np.ndarray, m: np.ndarray) -> float:
    """HSIC as Song et al. define it: expectations over distinct pictures, all of them, one by one."""
    n = len(k)
    pairs = [k[i, j] * m[i, j] for i, j in permutations(range(n), 2)]
    triples = [k[i, j] * m[i, q] for i, j, q in permutations(range(n), 3)]
    fours = [k[i, j] * m[q, r] for i, j, q, r in permutations(range(n), 4)]
    return float(np.mean(pairs) + np.mean(fours) - 2 * np.mean(triples))


def related(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = noise(n, 5)
    return x + 3, x[:, :3] @ noise(3, 7, 1) + 0.5 * noise(n, 7, 2)


def test_the_authors_variant_equals_their_definition() -> None:
    x, y = related(40)
    assert cka.cka(x, y, debiased=False) == pytest.approx(kornblith(x.numpy(), y.numpy()), abs=1e-6)


def test_the_debiased_variant_equals_the_mean_over_distinct_pictures() -> None:
    x, y = related(9)
    k, m = (x @ x.T).numpy(), (y @ y.T).numpy()
    expected = unbiased(k, m) / (unbiased(k, k) * unbiased(m, m)) ** 0.5
    assert cka.cka(x, y) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("debiased", [True, False])
def test_turning_scaling_and_shifting_change_nothing_and_order_does(debiased: bool) -> None:
    x, y = related(100)
    found = cka.cka(x, y, debiased=debiased)
    turned = 7 * y @ torch.linalg.qr(noise(7, 7, 3)).Q + 4
    assert cka.cka(x, turned, debiased=debiased) == pytest.approx(found, abs=1e-5)
    assert cka.cka(x, 7 * x + 1, debiased=debiased) == pytest.approx(1, abs=1e-5)
    assert cka.cka(x, y.flip(0), debiased=debiased) < found - 0.2


def test_wide_encoders_with_nothing_in_common_are_alike_only_with_the_bias() -> None:
    pairs = [(noise(60, 300, 2 * s), noise(60, 300, 2 * s + 1)) for s in range(10)]
    assert min(cka.cka(x, y, debiased=False) for x, y in pairs) > 0.7
    assert abs(np.mean([cka.cka(x, y) for x, y in pairs])) < 0.05


def test_a_constant_encoder_is_alike_to_nothing() -> None:
    x, _ = related(50)
    assert cka.cka(x, torch.full((50, 4), 0.1)) == 0


def test_the_matrix_holds_each_pair() -> None:
    x, y = related(30)
    z = noise(30, 2, 9)
    found = cka.matrix([x, y, z])
    assert torch.equal(found, found.T)
    torch.testing.assert_close(found.diagonal(), torch.ones(3).double(), atol=1e-5, rtol=0)
    assert found[0, 2] == pytest.approx(cka.cka(x, z))


def test_other_pictures_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match=r"the same 4 or more pictures, not on \[29, 30\]"):
        cka.matrix([noise(30, 2), noise(29, 2)])
    with pytest.raises(ValueError, match=r"not on \[3\]"):
        cka.cka(noise(3, 2), noise(3, 2))
