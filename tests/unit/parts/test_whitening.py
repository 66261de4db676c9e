"""Whitened rows have an identity covariance, slice by slice."""

from typing import Any

import pytest
import torch

from selftaught.parts.whitening import slices, towards_white, whiten


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_covariance_of_each_slice_becomes_the_identity(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    mixing = torch.randn(5, 5, dtype=dtype) * torch.tensor([100, 10, 1, 0.1, 0.01], dtype=dtype)
    x = torch.randn(3, 40, 5, dtype=dtype) @ mixing + 7
    for rows in slices(torch.randperm(40), 20):
        for view in whiten(x[:, rows]):
            assert view.dtype == dtype
            torch.testing.assert_close(view.mean(0), torch.zeros(5, dtype=dtype), atol=1e-4, rtol=0)
            torch.testing.assert_close(view.T.cov(), torch.eye(5, dtype=dtype), atol=1e-3, rtol=0)


def test_full_shrinkage_only_centres() -> None:
    x = torch.randn(10, 3)
    torch.testing.assert_close(whiten(x, shrinkage=1.0), x - x.mean(0))


def test_too_few_rows_give_not_a_number_instead_of_nonsense() -> None:
    x = torch.randn(4, 1, dtype=torch.float64).expand(4, 3)
    assert whiten(x).isnan().all()


def test_slices_share_out_every_row_once_in_the_order_of_the_words() -> None:
    words = torch.tensor([40, 10, 30, 20, 50])
    cut = slices(words, 2)
    assert torch.cat(cut).tolist() == [1, 3, 2, 0, 4]
    assert [len(rows) for rows in cut] == [3, 2]
    assert [len(rows) for rows in slices(words, 9)] == [5]


def test_the_gradient_is_that_of_finite_differences() -> None:
    x = torch.randn(8, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(whiten, (x, 0.1))


def mixed(rows: int, dim: int = 6) -> torch.Tensor:
    torch.manual_seed(0)
    mixing = torch.randn(dim, dim, dtype=torch.float64) * torch.logspace(0, -2, dim)
    return torch.randn(rows, dim, dtype=torch.float64) @ mixing + 7


def test_newton_s_steps_end_at_the_inverse_root_that_an_eigendecomposition_gives() -> None:
    x = mixed(200)
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    expected = centred @ vectors @ torch.diag(values.rsqrt()) @ vectors.T
    torch.testing.assert_close(towards_white(x, 20), expected, rtol=1e-6, atol=1e-6)


def test_no_step_only_centres_and_scales_and_each_step_levels_further() -> None:
    x = mixed(200)
    centred = x - x.mean(0)
    scale = centred.square().sum(1).mean().sqrt()
    torch.testing.assert_close(towards_white(x, 0), centred / scale)
    spreads = [torch.linalg.eigvalsh(towards_white(x, steps).T.cov()) for steps in range(12)]
    ratios = torch.stack([each[0] / each[-1] for each in spreads])
    assert (ratios.diff() > 0).all()
    # By half at most: in standard deviations, so by 9/4 in variances.
    small = torch.stack([each[0] for each in spreads])
    assert (small[1:] / small[:-1] <= 9 / 4 + 1e-9).all()


def test_rows_that_do_not_span_the_dimensions_or_do_not_differ_stay_finite() -> None:
    for x in (mixed(3).float(), torch.ones(4, 6)):
        white = towards_white(x, 20)
        assert white.isfinite().all()
        assert white.square().mean() <= 1 + 1e-3


def test_no_dimension_is_exchanged_for_another() -> None:
    x = mixed(200)
    order = torch.randperm(6)
    torch.testing.assert_close(towards_white(x[:, order], 9), towards_white(x, 9)[:, order])


@pytest.mark.parametrize("steps", [0, 1, 12])
def test_fewer_rows_than_dimensions_are_levelled_through_their_own_products(
    steps: int, allocations: Any
) -> None:
    x = mixed(8, dim=96)
    centred = x - x.mean(0)
    root, inverse = centred.T @ centred / 8, torch.eye(96, dtype=torch.float64)
    root, scale = root / root.trace(), root.trace()
    for _ in range(steps):
        step = (3 * torch.eye(96, dtype=torch.float64) - inverse @ root) / 2
        root, inverse = root @ step, step @ inverse
    expected = centred @ inverse / scale.sqrt()
    torch.testing.assert_close(towards_white(x, steps), expected)
    assert max(allocations(lambda: towards_white(x, steps))) <= 8 * 96 * 8  # never 96 x 96
