"""KoLeo against a slow loop; what it pushes, and that nobody is their own neighbour."""

import math

import pytest
import torch
from torch import Tensor

from selftaught.parts.spread import koleo


def slowly(x: Tensor) -> float:
    """Sablayrolles et al., 2019, equation 2, row by row."""
    rows = [row / row.norm() for row in x]
    total = 0.0
    for i, row in enumerate(rows):
        total -= math.log(min(float((row - y).norm()) for j, y in enumerate(rows) if j != i))
    return total / len(rows)


def test_koleo_is_the_equation() -> None:
    torch.manual_seed(0)
    x = torch.randn(9, 4).double()
    assert koleo(x).item() == pytest.approx(slowly(x), abs=1e-6)


def test_views_are_spread_apart_each_by_itself() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 7, 4).double()
    assert koleo(x).item() == pytest.approx(sum(slowly(view) for view in x) / 3, abs=1e-6)


def test_a_step_against_its_gradient_moves_neighbours_apart() -> None:
    x = torch.tensor([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.0]], requires_grad=True)
    koleo(x).backward()
    moved = torch.nn.functional.normalize(x.detach() - 0.01 * x.grad, dim=1)  # type: ignore[operator]
    before = torch.nn.functional.normalize(x.detach(), dim=1)
    assert (moved[0] - moved[1]).norm() > (before[0] - before[1]).norm()


def test_equal_rows_cost_much_and_not_infinitely_much() -> None:
    x = torch.ones(4, 3, requires_grad=True)
    loss = koleo(x)
    loss.backward()
    assert 10 < loss.item() < 40
    assert x.grad is not None and x.grad.isfinite().all()


def test_half_precision_is_widened() -> None:
    x = torch.randn(6, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = koleo(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, koleo(x.float()))
