"""The loop around a peer's modules, as their examples have it: a DataLoader of PIL pictures, and plain steps.

There are two configurations of it:

- ``best``: our run's precision, channels-last, a fused SGD, workers for the cores that the step leaves free,
  pinned and persistent, and the encoder through ``torch.compile`` where our method is;
- ``default``: what their examples for CIFAR-10 say where they say something, and torch's defaults elsewhere:
  float32, plain memory format, eight workers that are begun again every epoch, SGD for each tensor.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.optim import SGD
from torch.utils.data import DataLoader, Dataset

from selftaught.benchmarking.clock import Contender
from selftaught.benchmarking.peers.beside import Beside
from selftaught.data import Resident
from selftaught.errors import Refusal
from selftaught.launcher import cores
from selftaught.training.setup import Setup

Transform = Callable[[Image.Image], list[Tensor]]
"""A picture to its views, each [c, s, s]."""

AHEAD = 2
"""Batches that a DataLoader's worker keeps ready."""


@dataclass(frozen=True)
class Way:
    """How a loop is run."""

    precision: str
    channels_last: bool
    fused: bool
    compiled: bool
    workers: int
    persistent: bool


def ways(setup: Setup) -> dict[str, Way]:
    """Both configurations, for our run."""
    on_gpu = setup.device.type == "cuda"
    free = min(cores(), 16) if on_gpu else max(cores() - torch.get_num_threads(), 0)
    precision = str(setup.dtype).removeprefix("torch.")
    return {
        "best": Way(precision, True, True, setup.compiled, free, True),
        "default": Way("float32", False, False, False, 8, False),
    }


class Learner(nn.Module):
    """A peer's modules around our encoder, which it calls ``backbone`` unless it compiles it by itself."""

    backbone: Any

    def compile_encoder(self) -> None:
        """Let the encoder that learns go through ``torch.compile``."""
        self.backbone = torch.compile(self.backbone)

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        """Of a batch of views, each [n, c, s, s]."""
        raise NotImplementedError

    def move(self) -> None:
        """Let a teacher follow, if there is one; before each step."""


class Pictures(Dataset[list[Tensor]]):
    """Our run's pictures as PIL images, as torchvision's own sets hand them out, through a peer's transform."""

    def __init__(self, setup: Setup, transform: Transform) -> None:
        source = setup.source
        if not isinstance(source, Resident) or source.channels != 3 or source.levels != 255:
            raise Refusal(
                "--against takes colour pictures of 8 bits and one size in memory; choose data "
                "cifar10, shapes or random."
            )
        self.pixels: NDArray[np.uint8] = source.pictures.cpu().movedim(1, -1).contiguous().numpy()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int) -> list[Tensor]:
        return self.transform(Image.fromarray(self.pixels[row]))


def contender(setup: Setup, learner: Learner, transform: Transform, way: Way) -> Beside:
    """A peer's loop, ready to be timed."""
    device = setup.device
    learner.to(device)
    if way.channels_last:
        learner.to(memory_format=torch.channels_last)
    trained = [p for p in learner.parameters() if p.requires_grad]
    optimiser = SGD(trained, lr=1e-6, momentum=0.9, weight_decay=1e-4, fused=way.fused)
    if way.compiled:
        learner.compile_encoder()
    batches = endless(Pictures(setup, transform), setup.run.batch, way, device)
    half = way.precision != "float32"
    dtype = getattr(torch, way.precision)

    def step() -> None:
        views = [view.to(device, non_blocking=True) for view in next(batches)]
        if way.channels_last:
            views = [view.contiguous(memory_format=torch.channels_last) for view in views]
        learner.move()
        with torch.autocast(device.type, dtype, enabled=half):
            loss = learner.loss(views)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()

    return Beside(Contender(step, AHEAD * way.workers), asdict(way))


def endless(
    pictures: Pictures, batch: int, way: Way, device: torch.device
) -> Iterator[list[Tensor]]:
    """Batches, epoch after epoch."""
    with warnings.catch_warnings():
        # Eight workers on fewer cores is what the examples ask for.
        warnings.filterwarnings("ignore", "This DataLoader will create", UserWarning)
        loader: DataLoader[list[Tensor]] = DataLoader(
            pictures,
            batch_size=batch,
            shuffle=True,
            drop_last=True,
            num_workers=way.workers,
            persistent_workers=way.persistent and way.workers > 0,
            pin_memory=way.persistent and device.type == "cuda",
        )
    while True:
        yield from loader
