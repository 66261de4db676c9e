"""Two processes see and learn what one would from the whole batch."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, multiprocessing, nn

from selftaught import methods
from selftaught.batch import Batch
from selftaught.distributed import averaged, gather, joined, mean, rank, synchronise, world
from selftaught.encoders import Encoder
from selftaught.keys import Keys
from selftaught.methods import Method
from selftaught.parts.assignment import Balanced
from selftaught.parts.prototypes import Prototypes

RANKS, PICTURES = 2, 6


class Flat(Encoder):
    """One linear layer and batch-norm."""

    def __init__(self) -> None:
        super().__init__()
        self.dim = 10
        self.layer = nn.Sequential(nn.Linear(12, 10, bias=False), nn.BatchNorm1d(10))

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.layer(pictures.flatten(1))
        return features


PREDICTED = {"projector": (8,), "predictor": (8,)}
TAUGHT: dict[str, dict[str, Any]] = {  # what looks at the rows of all ranks
    "barlow_twins": {"projector": (8,)},
    "byol": {"projector": (32,), "predictor": (32,), "whitening": 3},  # more dimensions than rows
    "dcl": {"projector": (8,)},
    "dino": {"projector": (8,), "prototypes": 5, "whitening": 3},
    "dino, balanced": {"projector": (8,), "prototypes": 5, "sinkhorn": 3},
    "dino, spread": {"projector": (8,), "prototypes": 5, "koleo": 0.3},
    "lejepa": {"projector": (8,), "directions": 12},
    "mean_shift": {**PREDICTED, "queue": 20, "k": 3, "whitening": 3},
    "moco": {"projector": (8,), "queue": 20, "splits": 1},
    "mocov3": PREDICTED,
    "nnclr": {**PREDICTED, "queue": 20},
    "simclr": {"projector": (8,)},
    "simsiam": PREDICTED,
    "spectral": {"projector": (8,), "mu": 0.5},
    "supcon": {"projector": (8,)},
    "supervised": {},
    "swav": {"projector": (8,), "prototypes": 5, "queue": 20, "queue_start": 0.0},
    "tico": {"projector": (8,)},
    "vicreg": {"projector": (8,)},
    "wmse": {"projector": (3,), "slice_size": 6},
}


def build(name: str) -> Method:
    torch.manual_seed(0)
    method = methods.build(name.partition(",")[0], Flat(), classes=3, **TAUGHT[name])
    method = method.double()
    synchronise(method, torch.device("cpu"))
    return method


def pictures() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [
        torch.randn(RANKS * PICTURES, 3, 2, 2, generator=generator, dtype=torch.float64)
        for _ in range(2)
    ]


def learn(
    method: Method, views: list[Tensor], labels: Tensor
) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    """The loss and, averaged over ranks, the gradients; then the buffers that a step moves."""
    index = torch.arange(len(views[0]))
    draws = method.draw(Keys(0, 0, index + rank() * PICTURES))
    called = averaged(method)  # which must live until the backward is done
    outputs = called(Batch(views[: method.needs.views], index, labels, draws))
    loss = torch.stack(list(outputs.losses.values())).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = {key: p.grad for key, p in method.named_parameters() if p.grad is not None}
    method.after_step(outputs, 0.5)
    return loss.detach(), gradients, dict(method.named_buffers())


def labels() -> Tensor:
    """Two classes that both ranks see, and pictures without a label, more of them on one side."""
    return torch.tensor([0, 1, 1, -1, 0, -1, 1, -1, 0, -1, -1, -1])


def share(views: list[Tensor]) -> list[Tensor]:
    """Each rank has its own slice of the pictures, both views of each."""
    return [view[rank() * PICTURES : (rank() + 1) * PICTURES] for view in views]


def prototypes() -> Prototypes:
    torch.manual_seed(2)
    return Prototypes(5, 8).double()


def scores() -> Tensor:
    torch.manual_seed(3)
    return torch.randn(RANKS * PICTURES, 5, dtype=torch.float64)


def full_queue() -> Balanced:
    balanced = Balanced(7, 8, epsilon=0.5, iterations=3).double()
    torch.manual_seed(4)
    balanced.queue.rows.copy_(F.normalize(torch.randn(7, 8, dtype=torch.float64)))
    balanced.weight.fill_(1)
    return balanced


def gathers() -> dict[str, Any]:
    rows = (torch.arange(6.0).view(3, 2) + 10 * rank()).requires_grad_()
    everyone = gather(rows)
    weights = torch.arange(12.0).view(6, 2) * (rank() + 1)
    (everyone * weights).sum().backward()  # type: ignore[no-untyped-call]
    return {"rank": rank(), "world": world(), "everyone": everyone.detach(), "grad": rows.grad}


def balances() -> Tensor:
    """Shares of each rank's rows beside a queue that is full, and that every rank has."""
    mine = scores()[rank() * PICTURES : (rank() + 1) * PICTURES]
    shares: Tensor = full_queue()(mine, prototypes())
    return shares


def teaches() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in TAUGHT:
        (mine,) = share([labels()])
        loss, gradients, buffers = learn(build(name), share(pictures()), mine)
        found[name] = {"loss": mean(loss), "gradients": gradients, "buffers": buffers}
    return found


def in_each(number: int, port: int, out: str) -> None:
    torch.set_num_threads(1)
    launched = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "WORLD_SIZE": RANKS,
        "RANK": number,
    }
    os.environ.update({key: str(value) for key, value in launched.items()})
    with joined(torch.device("cpu"), RANKS):
        found = {name: each() for name, each in WORK.items()}
        found["threads"] = threads()
    torch.save(found | {"left": threads()}, f"{out}/{number}.pt")


def threads() -> list[str]:
    """Names of this process's threads, where Linux tells them."""
    return [name.read_text().strip() for name in Path("/proc/self/task").glob("*/comm")]


WORK: dict[str, Callable[[], Any]] = {
    "gathers": gathers,
    "balances": balances,
    "teaches": teaches,
}


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of the two processes found."""
    if not dist.is_gloo_available():
        pytest.skip("torch was built without gloo")
    out = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(  # type: ignore[attr-defined, no-untyped-call]
        in_each, args=(port, str(out)), nprocs=RANKS
    )
    return [torch.load(Path(out) / f"{number}.pt") for number in range(RANKS)]


def test_alone_everything_is_the_identity() -> None:
    rows = torch.randn(3, 2)
    assert gather(rows) is rows
    assert (world(), rank()) == (1, 0)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_no_thread_of_the_group_outlives_it(ranks: list[dict[str, Any]]) -> None:
    for found in ranks:  # one that does may abort the process while Python ends
        assert any("gloo" in name for name in found["threads"])
        assert not any("gloo" in name for name in found["left"])


def test_gather_gives_every_rank_all_rows_in_the_order_of_ranks(
    ranks: list[dict[str, Any]],
) -> None:
    expected = torch.cat([torch.arange(6.0).view(3, 2), torch.arange(6.0).view(3, 2) + 10])
    for number, found in enumerate(ranks):
        assert (found["gathers"]["rank"], found["gathers"]["world"]) == (number, RANKS)
        assert torch.equal(found["gathers"]["everyone"], expected)


def test_the_gradient_of_a_row_is_summed_over_all_who_used_it(
    ranks: list[dict[str, Any]],
) -> None:
    total = torch.arange(12.0).view(6, 2) * (1 + 2)
    for number, found in enumerate(ranks):
        assert torch.equal(found["gathers"]["grad"], total[3 * number : 3 * number + 3])


def test_a_queue_that_every_rank_has_counts_once(ranks: list[dict[str, Any]]) -> None:
    shares = full_queue()(scores(), prototypes())
    without = Balanced(0, 8, epsilon=0.5, iterations=3)(scores(), prototypes())
    assert not torch.allclose(shares, without)
    torch.testing.assert_close(torch.cat([found["balances"] for found in ranks]), shares)


@pytest.mark.parametrize("name", TAUGHT)
def test_two_ranks_learn_what_one_learns_from_the_whole_batch(
    name: str, ranks: list[dict[str, Any]]
) -> None:
    loss, gradients, buffers = learn(build(name), pictures(), labels())
    for found in ranks:
        both = found["teaches"][name]
        torch.testing.assert_close(both["loss"], loss, rtol=1e-10, atol=1e-12)
        assert gradients.keys() == both["gradients"].keys()
        for key, gradient in gradients.items():
            if gradient.ndim > 1:  # VICReg does not see biases: all its terms are centred
                assert gradient.abs().max() > 1e-6
            torch.testing.assert_close(both["gradients"][key], gradient, rtol=1e-9, atol=1e-12)
        for key, buffer in buffers.items():  # queues hold the rows of all ranks, in their order
            torch.testing.assert_close(both["buffers"][key], buffer, rtol=1e-9, atol=1e-12)
