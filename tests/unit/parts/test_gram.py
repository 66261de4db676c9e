"""Both tables give one number, and the smaller of them is the one that is made."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from selftaught.methods.canonical_correlation.vicreg import covariance
from selftaught.parts.gram import between_columns, between_rows

Sum = Callable[[Tensor, Tensor], Tensor]


def random(n: int, p: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, p, generator=generator, dtype=torch.float64)


def turned(function: Sum) -> Sum:
    """The function of rows, given the columns as rows."""
    return lambda a, b: function(a.T, a.T if b is a else b.T)


SUMS = {"columns": between_columns, "rows": turned(between_rows)}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize(
    ("n", "p", "q"), [(5, 12, 12), (12, 5, 5), (7, 7, 7), (6, 9, 3), (6, 9, 5)]
)
def test_it_is_the_squared_product_either_way(name: str, n: int, p: int, q: int) -> None:
    found = []
    for function in (SUMS[name], lambda a, b: (a.T @ b).square().sum()):
        a, b = random(n, p).requires_grad_(), random(n, q, seed=1).requires_grad_()
        value = function(a, b)
        (3 * value).backward()
        found.append((value.detach(), a.grad, b.grad))
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize(("n", "p"), [(5, 12), (12, 5)])
def test_the_gradient_is_the_slope(name: str, n: int, p: int) -> None:
    function = SUMS[name]
    a, b = random(n, p).requires_grad_(), random(n, p, seed=1).requires_grad_()
    still = b.detach()
    assert torch.autograd.gradcheck(function, (a, b))
    assert torch.autograd.gradcheck(lambda x: function(x, x), (a,))
    assert torch.autograd.gradcheck(lambda x: function(x, still), (a,))
    assert torch.autograd.gradcheck(lambda x: function(still, x), (a,))


def plain(z: Tensor) -> Tensor:
    """VICReg's covariance term as its authors write it."""
    n, p = z.shape
    z = z - z.mean(dim=0)
    c = z.T @ z / (n - 1)
    return (c.square().sum() - c.diagonal().square().sum()) / p


@pytest.mark.parametrize(("n", "p"), [(32, 1024), (256, 64)])
def test_work_and_memory_are_the_smaller_tables(
    n: int, p: int, peak_bytes: Callable[[Callable[[], object]], int]
) -> None:
    used, counts = [], []
    for loss in (covariance, plain):
        z = random(n, p).float().requires_grad_()
        used.append(peak_bytes(lambda z=z, loss=loss: loss(z).backward()))
        with FlopCounterMode(display=False) as counter:
            loss(z).backward()
        counts.append(counter.get_total_flops())
    smaller = min(n / p, 1)  # the sides of the two tables
    assert counts[0] <= 0.67 * smaller * counts[1]
    assert used[0] <= (2 if p <= n else 0.2) * used[1]  # where p <= n copies of z are all there is


def test_float32_holds_where_little_is_left_beside_the_diagonal() -> None:
    """Decorrelated dimensions: the whole is nearly its diagonal, which is then taken away."""
    q = torch.linalg.qr(random(512, 64)).Q * 512**0.5 + 0.02 * random(512, 64, seed=1)
    for z in (q, q.T.contiguous()):
        exact, found = covariance(z).item(), covariance(z.float()).item()
        assert found == pytest.approx(exact, rel=1e-3)


COMPILED = """
import torch
from selftaught.parts.gram import between_columns, between_rows

for function in (between_columns, between_rows):
    plain = lambda z: function(z, z)
    torch._dynamo.reset()
    compiled = torch.compile(plain, backend="aot_eager")
    for n, p in ((6, 12), (6, 16), (12, 5), (9, 11)):
        z = torch.randn(n, p, dtype=torch.float64, requires_grad=True)
        results = [(value := one(z), torch.autograd.grad(value, z)[0]) for one in (plain, compiled)]
        torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)
"""


def test_a_compiled_sum_is_the_same_and_may_change_its_shape() -> None:
    """From the second shape on torch compiles for sizes that it does not know: contestants of many widths.

    In a process of its own: what checks shapes in this one tells the compiler the sizes.
    """
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPILED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
