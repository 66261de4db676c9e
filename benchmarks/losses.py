"""Losses, forward and backward: ours against the plain form, in turns (A B A B), and memory of each alone.

    python benchmarks/losses.py [--threads 1] [--large] [--json FILE]

Times are medians over the turns, of one process, in float32; the ratio is the median of each turn's own ratio,
which a busy machine disturbs less. Memory is by how much a fresh process grows over one call. "plain" is the
loss as its authors write it: every product of two embeddings, or every covariance, in one table. ``--large``
adds 16,384 pictures, of which the plain form would need 20 GiB: it is measured by ours alone.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from selftaught.methods.canonical_correlation import barlow_twins, vicreg
from selftaught.methods.metric_learning import dcl, simclr, spectral, supcon
from selftaught.training.machine import PeakMemory

Loss = Callable[[Tensor], Tensor]
T = 0.1


def table(z: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of all pairs, each row's own left out, and the place of its partner."""
    z = F.normalize(z, dim=-1)
    me = torch.arange(len(z))
    return (z @ z.T / T).scatter(1, me[:, None], float("-inf")), me.roll(len(z) // 2)


def plain_nt_xent(z: Tensor) -> Tensor:
    return F.cross_entropy(*table(z))


def plain_dcl(z: Tensor) -> Tensor:
    logits, partner = table(z)
    positive = logits.gather(1, partner[:, None])
    others = logits.scatter(1, partner[:, None], float("-inf"))
    return (others.logsumexp(dim=1) - positive[:, 0]).mean()


def kinds(z: Tensor) -> Tensor:
    return torch.arange(len(z) // 2).remainder(10).repeat(2)


def plain_supcon(z: Tensor) -> Tensor:
    log_p = table(z)[0].log_softmax(dim=1)
    k = kinds(z)
    positive = (k[:, None] == k).fill_diagonal_(False)
    return -(log_p.where(positive, 0).sum(dim=1) / positive.sum(dim=1)).mean()


def plain_spectral(z: Tensor) -> Tensor:
    a, b = z.chunk(2)
    squared = (a @ b.T).square()
    return (squared.sum() - squared.diagonal().sum()) / (len(a) * (len(a) - 1))


def off_diagonal(c: Tensor) -> Tensor:
    return c.flatten()[:-1].view(len(c) - 1, len(c) + 1)[:, 1:].square().sum()


def plain_vicreg(z: Tensor) -> Tensor:
    z = z - z.mean(dim=0)
    return off_diagonal(z.T @ z / (len(z) - 1)) / z.shape[1]


def plain_barlow(z: Tensor) -> Tensor:
    a, b = (barlow_twins.standardise(each) for each in z.chunk(2))
    return off_diagonal(a.T @ b / len(a))


PAIRS: dict[str, tuple[Loss, Loss]] = {  # of [v, p]: ours, plain
    "nt_xent": (lambda z: simclr.nt_xent(z, T), plain_nt_xent),
    "dcl": (lambda z: dcl.decoupled(z, T), plain_dcl),
    "supcon": (lambda z: supcon.supcon(z, kinds(z), T), plain_supcon),
    "spectral": (lambda z: spectral.repulsion(*z.chunk(2)), plain_spectral),
    "vicreg": (vicreg.covariance, plain_vicreg),
    "barlow_twins": (lambda z: barlow_twins.redundancy(*z.chunk(2)), plain_barlow),
}

SIZES = [  # loss, pictures (two views each, but for VICReg, which sees one at a time), width
    *(("nt_xent", n, 128) for n in (128, 256, 512, 1024, 2048)),
    *((name, 512, 128) for name in ("dcl", "supcon")),
    ("spectral", 512, 2048),
    *((name, n, p) for name in ("vicreg", "barlow_twins") for n, p in ((256, 2048), (256, 8192))),
]


def embeddings(name: str, pictures: int, width: int) -> Tensor:
    rows = pictures if name == "vicreg" else 2 * pictures
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, width, generator=generator).requires_grad_()


def once(loss: Loss, z: Tensor) -> float:
    z.grad = None
    start = time.perf_counter()
    loss(z).backward()  # type: ignore[no-untyped-call]
    return time.perf_counter() - start


def in_turns(name: str, pictures: int, width: int, seconds: float) -> dict[str, float]:
    """Median seconds of ours and of the plain form, and of their ratio."""
    z = embeddings(name, pictures, width)
    ours, plain = PAIRS[name]
    once(ours, z), once(plain, z)
    turns: list[tuple[float, float]] = []
    start = time.perf_counter()
    while len(turns) < 3 or (time.perf_counter() - start < seconds and len(turns) < 200):
        turns.append((once(ours, z), once(plain, z)))
    return {
        "turns": len(turns),
        "seconds": statistics.median(a for a, _ in turns),
        "plain_seconds": statistics.median(b for _, b in turns),
        "ratio": statistics.median(a / b for a, b in turns),
    }


def growth(name: str, pictures: int, width: int, which: int) -> float:
    """MiB by which this process's high-water mark grows over one call."""
    loss = PAIRS[name][which]
    once(loss, embeddings(name, 8, 16))  # what is loaded on first use
    z = embeddings(name, pictures, width)
    z.grad = torch.zeros_like(z)
    memory = PeakMemory(torch.device("cpu"))
    start = memory.read()
    once(loss, z)
    return (memory.read() - start) / 2**20


def growth_apart(name: str, pictures: int, width: int, which: int) -> float:
    ask = [sys.executable, __file__, "--growth", name, str(pictures), str(width), str(which)]
    return float(subprocess.run(ask, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0, help="spent on the turns of a row")
    parser.add_argument("--large", action="store_true", help="16,384 pictures as well")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--growth", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.growth:
        name, *numbers = given.growth
        print(growth(name, *map(int, numbers)))
        return
    head = f"{'loss':14}{'pictures':>9}{'width':>7}{'ms':>10}{'plain ms':>10}{'ratio':>7}"
    print(head + f"{'MiB':>8}{'plain MiB':>10}{'turns':>7}")
    rows = []
    for name, pictures, width in SIZES:
        row = {"loss": name, "pictures": pictures, "width": width}
        row |= in_turns(name, pictures, width, given.seconds)
        row["mebibytes"], row["plain_mebibytes"] = (
            growth_apart(name, pictures, width, which) for which in (0, 1)
        )
        rows.append(row)
        print(
            f"{name:14}{pictures:>9}{width:>7}{1e3 * row['seconds']:>10.1f}"
            f"{1e3 * row['plain_seconds']:>10.1f}{row['ratio']:>7.2f}"
            f"{row['mebibytes']:>8.0f}{row['plain_mebibytes']:>10.0f}{row['turns']:>7}"
        )
    if given.large:
        row = {"loss": "nt_xent", "pictures": 16384, "width": 128}
        row["mebibytes"] = growth_apart("nt_xent", 16384, 128, 0)
        rows.append(row)
        print(f"{'nt_xent':14}{16384:>9}{128:>7}{'':27}{row['mebibytes']:>8.0f}")
    if given.json:
        about = {
            "command": " ".join(["python", "benchmarks/losses.py", *sys.argv[1:]]),
            "machine": {
                "processor": platform.processor() or platform.machine(),
                "threads": given.threads,
            },
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
        }
        given.json.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
