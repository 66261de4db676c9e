"""Blocks give the table's numbers, in less memory and with no more multiplications."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from selftaught.methods.metric_learning.dcl import decoupled
from selftaught.methods.metric_learning.simclr import nt_xent
from selftaught.methods.metric_learning.supcon import supcon
from selftaught.parts import contrast
from selftaught.parts.contrast import log_sum_exp


def random(n: int, p: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, p, generator=generator, dtype=torch.float64)


def table(x: Tensor, y: Tensor, temperature: float, without: Tensor | None = None) -> Tensor:
    """The definition: all products at once."""
    s = x @ y.T / temperature
    return (s if without is None else s.scatter(1, without, float("-inf"))).logsumexp(dim=1)


def plain(z: Tensor, temperature: float = 0.1) -> Tensor:
    """NT-Xent as everyone writes it, against which time and memory are held."""
    z = F.normalize(z, dim=-1)
    me = torch.arange(len(z))
    logits = (z @ z.T / temperature).scatter(1, me[:, None], float("-inf"))
    return F.cross_entropy(logits, me.roll(len(z) // 2))


LEFT_OUT = {
    "nothing": None,
    "itself": torch.arange(10)[:, None],
    "itself and its partner": torch.stack([torch.arange(10), torch.arange(10).roll(5)], dim=1),
}


@pytest.fixture(params=[2**22, 37, 1], ids=["one block", "blocks that do not divide", "rows"])
def cells(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(contrast, "CELLS", request.param)
    number: int = request.param
    return number


@pytest.mark.usefixtures("cells")
@pytest.mark.parametrize("left_out", LEFT_OUT)
@pytest.mark.parametrize("itself", [True, False])
def test_blocks_give_the_values_and_gradients_of_the_table(itself: bool, left_out: str) -> None:
    without, weights = LEFT_OUT[left_out], random(10, 1, seed=3)[:, 0]
    found = []
    for function in (log_sum_exp, table):
        x = random(10, 4).requires_grad_()
        y = x if itself else random(13, 4, seed=1).requires_grad_()
        value = function(x, y, 0.3, without)
        (value * weights).sum().backward()  # every row has a gradient of its own
        found.append([value, x.grad, y.grad])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.usefixtures("cells")
@pytest.mark.parametrize("learns", [(True, False), (False, True), (True, True)])
def test_the_gradient_is_the_slope(learns: tuple[bool, bool]) -> None:
    """A key or a neighbour that does not learn costs no gradient."""
    x, y = (random(5, 3, seed=i).requires_grad_(learns[i]) for i in (0, 1))
    assert torch.autograd.gradcheck(lambda a, b: log_sum_exp(a, b, 0.5), (x, y))
    assert torch.autograd.gradcheck(
        lambda a: log_sum_exp(a, a, 0.5, torch.arange(5)[:, None]), (random(5, 3).requires_grad_(),)
    )


@pytest.mark.parametrize("temperature", [0.01, 0.1, 1.0])
def test_float32_is_as_exact_as_the_plain_form(
    temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cosines of 1 and -1 at a hundredth: e^100 is beyond float32, and nothing may overflow."""
    z = F.normalize(torch.cat([random(50, 8), -random(50, 8)]), dim=-1)
    me = torch.arange(len(z))[:, None]
    exact = table(z, z, temperature, me)
    plain = table(z.float(), z.float(), temperature, me)
    for cells in (2**22, 300):
        monkeypatch.setattr(contrast, "CELLS", cells)
        ours = log_sum_exp(z.float(), z.float(), temperature, me)
        assert (ours - exact).abs().max() <= 2 * (plain - exact).abs().max() + 1e-6


LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "nt_xent": lambda z: nt_xent(z, 0.1),
    "decoupled": lambda z: decoupled(z, 0.1),
    "supcon": lambda z: supcon(z, torch.arange(len(z)) % 7, 0.1),
}


@pytest.mark.parametrize("name", LOSSES)
def test_memory_grows_with_the_batch_and_not_with_its_square(
    name: str, peak_bytes: Callable[[Callable[[], object]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contrast, "CELLS", 2**14)
    used = []
    for n in (512, 1024, 2048):
        z = random(n, 16).float().requires_grad_()
        used.append(peak_bytes(lambda z=z: LOSSES[name](z).backward()))
    assert all(b < 2.2 * a for a, b in pairwise(used)), used


def test_a_large_batch_takes_a_tenth_of_the_plain_forms_memory(
    peak_bytes: Callable[[Callable[[], object]], int],
) -> None:
    z = random(6144, 16).float().requires_grad_()
    ours = peak_bytes(lambda: nt_xent(z, 0.1).backward())
    assert ours < 0.2 * peak_bytes(lambda: plain(z).backward())


def test_blocks_lie_in_one_place(
    allocations: Callable[[Callable[[], object]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for one by one, with a small tensor kept from each, 256 blocks of 16 MiB took 4 GiB: none fits
    the hole that the last one left."""
    monkeypatch.setattr(contrast, "CELLS", 2**14)
    z = random(512, 4).float().requires_grad_()
    sizes = allocations(lambda: nt_xent(z, 0.1).backward())
    assert sum(size >= 4 * 2**14 for size in sizes) == 3  # one forwards, two backwards


@pytest.mark.parametrize("cells", [2**22, 2**12])
def test_no_more_is_multiplied_than_in_the_plain_form(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is multiplied once forwards and once backwards; in blocks it is also made again."""
    monkeypatch.setattr(contrast, "CELLS", cells)
    counts = []
    for loss in (lambda z: nt_xent(z, 0.1), plain):
        z = random(256, 16).requires_grad_()
        with FlopCounterMode(display=False) as counter:
            loss(z).backward()
        counts.append(counter.get_total_flops())
    ours, theirs = counts
    assert theirs == 3 * 2 * 256 * 256 * 16
    assert ours == (2 if cells == 2**22 else 3) * theirs / 3


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # read by the compiler
@pytest.mark.parametrize("cells", [2**22, 300])
def test_a_compiled_loss_is_the_same(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrast, "CELLS", cells)
    torch._dynamo.reset()
    compiled = torch.compile(nt_xent, backend="aot_eager")
    found = []
    for loss in (nt_xent, compiled):
        z = random(32, 4).requires_grad_()
        value = loss(z, 0.1)
        value.backward()
        found.append((value.detach(), z.grad))
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-13)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # read by the compiler
def test_a_compiler_does_not_write_out_the_blocks() -> None:
    """Of 16,384 pictures there are 256 of them, twice."""
    nodes = []
    for function in (contrast._LogSumExp.apply, contrast._in_blocks):
        torch._dynamo.reset()
        graphs: list[torch.fx.GraphModule] = []

        def backend(
            graph: torch.fx.GraphModule, _: object, to: list[torch.fx.GraphModule] = graphs
        ) -> torch.fx.GraphModule:
            to.append(graph)
            return graph

        def loss(x: Tensor, function: Callable[..., Tensor] = function) -> Tensor:
            return function(x, None, 0.1, None).sum()

        torch.compile(loss, backend=backend)(random(8, 4).requires_grad_()).backward()
        nodes.append(
            sum(len(m.graph.nodes) for g in graphs for m in g.modules() if hasattr(m, "graph"))
        )
    traced, left_alone = nodes
    assert left_alone < 5 < traced
