"""Augmented pictures of a labelled source, for protocols that train on them or ask what augmentation does."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught import config
from selftaught.data import Request, Source
from selftaught.evaluation.results import Subject
from selftaught.keys import Keys, shuffle
from selftaught.views.engine import Views
from selftaught.views.presets import resolve


@dataclass(frozen=True)
class Lesson:
    """One step's pictures.

    Attributes:
        views: one tensor a view, each [n, c, s, s], normalised float32, on the subject's device.
        index: [n] int64 on the CPU, rows of the source that were really read.
        progress: share of the training that is done before this step, in [0, 1).
    """

    views: list[Tensor]
    index: Tensor
    progress: float


def shown(subject: Subject, manner: str, count: int = 1) -> Views:
    """Augmenting views of a subject's pictures, of the size and normalisation of its clean one.

    Args:
        manner: which preset, in the variant that suits the data: ``supervised`` (crop and flip), ``symmetric``
            (SimCLR's) ...
    """
    splits, clean = subject.splits, subject.clean
    laws = resolve(
        config.Views(),
        asked=manner,
        preset=splits.preset,
        count=count,
        channels=clean.channels,
        size=clean.size,
    )
    return Views(
        laws,
        size=clean.size,
        channels=clean.channels,
        levels=clean.levels,
        mean=clean.mean,
        std=clean.std,
    )


def steps(pictures: int, *, batch: int, epochs: int, fewest: int = 0) -> int:
    """How many steps ``lessons`` takes: ``epochs`` whole passes, or as many as make ``fewest`` steps."""
    per_epoch = max(pictures // batch, 1)
    return max(per_epoch * epochs, -(-fewest // per_epoch) * per_epoch)


def lessons(
    source: Source,
    views: Views,
    *,
    device: torch.device,
    batch: int,
    steps: int,
    seed: int,
) -> Iterator[Lesson]:
    """Shuffled passes over a source, a last incomplete batch of each left out (but where it is the only one).

    Args:
        steps: how many batches in all.
        seed: where order and augmentation begin.
    """
    n = len(source)
    per_epoch = max(n // batch, 1)

    def requests() -> Iterator[Request]:
        for step in range(steps):
            epoch, place = divmod(step, per_epoch)
            if place == 0:
                order = shuffle(n, seed, epoch)
            index = order[place * batch : (place + 1) * batch]
            keys = Keys(seed, step, torch.arange(len(index)))
            yield Request(index, views.plan(keys, source.sizes[index]))

    for step, fetched in enumerate(source.fetch(requests(), views.crop)):
        yield Lesson(
            _apply(views, fetched.given, fetched.request, device),
            fetched.request.index,
            step / steps,
        )


def _apply(
    views: Views, given: Tensor | list[Tensor], request: Request, device: torch.device
) -> list[Tensor]:
    moved = (
        given.to(device, non_blocking=True)
        if isinstance(given, Tensor)
        else [each.to(device, non_blocking=True) for each in given]
    )
    return views.apply(moved, request.plan.to(device))


@torch.inference_mode()
def features_of_views(
    subject: Subject, source: Source, views: Views, *, seed: int
) -> Float[Tensor, "n v d"]:
    """Frozen features of each view of each picture that can be read, float32 on the subject's device."""
    count = len(views.views)
    index: Int64[Tensor, " n"] = torch.arange(len(source))
    requests = (
        Request(rows, views.plan(Keys(seed, 0, rows), source.sizes[rows]))
        for rows in torch.split(index, max(subject.batch // count, 1))
    )
    blocks, rows = [], []
    for fetched in source.fetch(requests, views.crop):
        made = _apply(views, fetched.given, fetched.request, subject.device)
        with torch.autocast(
            subject.device.type, subject.dtype, enabled=subject.dtype != torch.float32
        ):
            found = subject.encoder(torch.cat(made))
        blocks.append(found.float().view(count, len(made[0]), -1).transpose(0, 1))
        rows.append(fetched.request.index)
    return torch.cat(blocks)[(torch.cat(rows) == index).to(subject.device)]
