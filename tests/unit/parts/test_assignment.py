"""Balanced assignments: marginals, a slow loop, a queue that counts only when it is full."""

import math

import pytest
import torch

from selftaught.parts.assignment import Balanced, sinkhorn
from selftaught.parts.prototypes import Prototypes


def scores(n: int, k: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, k, generator=generator, dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("iterations", [1, 3])
def test_it_is_the_alternating_normalisation_of_the_paper(iterations: int) -> None:
    n, k, epsilon = 6, 4, 0.3
    q = [[math.exp(x / epsilon) for x in row] for row in scores(n, k).tolist()]
    for _ in range(iterations):
        for j in range(k):
            total = sum(q[i][j] for i in range(n))
            for i in range(n):
                q[i][j] /= total * k
        for i in range(n):
            total = sum(q[i])
            q[i] = [x / (total * n) for x in q[i]]
    expected = torch.tensor(q, dtype=torch.float64) * n
    found = sinkhorn(scores(n, k), epsilon=epsilon, iterations=iterations)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-14)


def test_rows_sum_to_one_and_prototypes_are_used_alike() -> None:
    q = sinkhorn(scores(40, 5), epsilon=0.3, iterations=200)
    torch.testing.assert_close(q.sum(1), torch.ones(40, dtype=torch.float64))
    torch.testing.assert_close(q.sum(0), torch.full((5,), 8.0, dtype=torch.float64))


def test_without_iterations_it_is_a_softmax() -> None:
    given = scores(6, 4)
    torch.testing.assert_close(sinkhorn(given, epsilon=0.5, iterations=0), (given / 0.5).softmax(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tiny_epsilon_overflows_nothing(dtype: torch.dtype) -> None:
    q = sinkhorn(scores(8, 4).to(dtype), epsilon=1e-3, iterations=3)
    assert q.dtype == torch.float32
    assert q.isfinite().all()
    torch.testing.assert_close(q.sum(1), torch.ones(8))


def test_rows_of_weight_0_are_not_there() -> None:
    weights = torch.tensor([1.0] * 6 + [0.0] * 3, dtype=torch.float64)
    both = sinkhorn(scores(9, 4), epsilon=0.1, iterations=3, weights=weights)
    alone = sinkhorn(scores(9, 4)[:6], epsilon=0.1, iterations=3)
    torch.testing.assert_close(both[:6], alone)
    assert both.isfinite().all()


def test_rows_of_weight_1_are_there_like_any_other() -> None:
    every = sinkhorn(scores(9, 4), epsilon=0.1, iterations=3)
    weighted = sinkhorn(scores(9, 4), epsilon=0.1, iterations=3, weights=torch.ones(9).double())
    torch.testing.assert_close(weighted, every)


def test_the_queue_counts_once_it_is_full_and_wanted() -> None:
    torch.manual_seed(0)
    balanced, prototypes = Balanced(6, 3, epsilon=0.1, iterations=3), Prototypes(4, 3)
    z, more = torch.randn(4, 3), torch.randn(4, 3)
    alone = sinkhorn(prototypes(z).detach(), epsilon=0.1, iterations=3)

    def assigned() -> torch.Tensor:
        found: torch.Tensor = balanced(prototypes(z), prototypes)
        return found

    assert torch.equal(assigned(), alone)
    balanced.push(more, read=True)  # four of six rows
    assert torch.equal(assigned(), alone)
    balanced.push(more, read=False)  # full, but too early
    assert torch.equal(assigned(), alone)
    balanced.push(more, read=True)
    rows = torch.cat([z, balanced.queue.rows])
    expected = sinkhorn(prototypes(rows).detach(), epsilon=0.1, iterations=3)[:4]
    torch.testing.assert_close(assigned(), expected)
    assert not torch.allclose(expected, alone)
    again = Balanced(6, 3, epsilon=0.1, iterations=3)
    again.load_state_dict(balanced.state_dict())
    assert torch.equal(again(prototypes(z), prototypes), assigned())
