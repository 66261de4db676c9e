"""Pictures of any size, one read at a time: from files by worker processes, or from memory."""

import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Int64
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader, Dataset, get_worker_info

from selftaught import launcher
from selftaught.data.files import Kind, UnreadableError
from selftaught.data.source import Crop, Fetched, Request
from selftaught.errors import RunFailed

MOST_WORKERS = 16
AHEAD = 2
"""Requests that each worker has answered, or is answering, before they are asked for."""


@runtime_checkable
class Reader(Protocol):
    """Reads the picture of a row [c, h, w], or raises ``UnreadableError``; it must pickle."""

    def __call__(self, row: int, /) -> Tensor: ...

    def name(self, row: int, /) -> str: ...


@dataclass(frozen=True)
class InMemory:
    """Pictures of several sizes that were decoded once."""

    pictures: tuple[Tensor, ...]
    names: tuple[str, ...]

    def __call__(self, row: int) -> Tensor:
        return self.pictures[row]

    def name(self, row: int) -> str:
        """How a file is called in lists."""
        return self.names[row]


@dataclass(frozen=True)
class Answer:
    """What a worker sends back: the rows that were read, their crops, and what could not be."""

    request: Request
    index: Tensor
    crops: list[Tensor]
    bad: dict[int, str]


class Streamed:
    """A source that crops while it reads: what it answers is a function of request and files alone.

    A picture that cannot be read is set aside, and the next row that can be (i + 1, i + 2, ... from
    the start again after the last) stands in for it, stretched to the size that the crop was
    planned for; ``Fetched.request.index`` names the row that was really read.

    Args:
        read: gives the picture of a row of the whole set.
        sizes: height and width of every picture of the whole set.
        kind: their channels and levels.
        labels, groups: of every picture of the whole set, or None.
        workers: processes that read; 0 reads in this one, None chooses by the machine.
        max_bad: share of the whole set that may be unreadable.
        rows: which pictures of the whole set this source holds; None holds all.
        bad: name and reason of what was set aside so far; shared by all subsets.
        total: how many pictures ``max_bad`` is a share of; None counts the whole set.
    """

    def __init__(
        self,
        read: Reader,
        sizes: Int64[Tensor, "n 2"],
        kind: Kind,
        *,
        labels: Int64[Tensor, " n"] | None = None,
        groups: Int64[Tensor, " n"] | None = None,
        workers: int | None = 0,
        max_bad: float = 0.05,
        rows: Int64[Tensor, " m"] | None = None,
        bad: dict[str, str] | None = None,
        total: int | None = None,
    ) -> None:
        self._whole = partial(
            Streamed,
            read,
            sizes,
            kind,
            labels=labels,
            groups=groups,
            workers=workers,
            max_bad=max_bad,
        )
        self._read = read
        self._rows = torch.arange(len(sizes)) if rows is None else rows
        self._workers = chosen_workers() if workers is None else workers
        self._max_bad = max_bad
        self._bad = {} if bad is None else bad
        self._total = len(sizes) + len(self._bad) if total is None else total
        self.sizes: Tensor = sizes[self._rows]
        self.channels, self.levels = kind
        self.labels = None if labels is None else labels[self._rows]
        self.groups = None if groups is None else groups[self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def ahead(self) -> int:
        """How many requests are being answered before they are asked for."""
        return AHEAD * self._workers

    def subset(self, index: Int64[Tensor, " m"]) -> "Streamed":
        """The rows of ``index``, in that order."""
        return self._whole(rows=self._rows[index], bad=self._bad, total=self._total)

    @classmethod
    def joined(cls, parts: Sequence["Streamed"]) -> "Streamed":
        """All pictures of several subsets of one whole set."""
        rows = torch.cat([part._rows for part in parts])
        first = parts[0]
        return first._whole(rows=rows, bad=first._bad, total=first._total)

    def quarantine(self) -> list[str]:
        """Files that were set aside so far, each with the reason, sorted."""
        return sorted(f"{name}: {reason}" for name, reason in self._bad.items())

    def fetch(self, requests: Iterable[Request], crop: Crop) -> Iterator[Fetched]:
        """One tensor of crops a view for each request.

        Raises:
            RunFailed: more than ``max_bad`` of the files, or all of this source, cannot be read.
        """
        cropper = Cropper(self._read, self._rows, self.sizes, crop)
        for answer in _answers(cropper, requests, self._workers):
            self._set_aside(answer.bad)
            if len(answer.index) < len(answer.request.index):
                raise RunFailed(f"none of the {len(self)} pictures can be read: {self._examples()}")
            request = answer.request
            if answer.bad:
                request = Request(answer.index, request.plan)
            yield Fetched(request, crops=answer.crops)

    def _set_aside(self, bad: dict[int, str]) -> None:
        self._bad.update({self._read.name(row): reason for row, reason in bad.items()})
        if len(self._bad) > self._max_bad * self._total:
            raise RunFailed(
                f"{len(self._bad)} of {self._total} files cannot be read, more than "
                f"data.max_bad={self._max_bad:g} allows ({self._examples()}); mend or remove them, "
                "or raise data.max_bad."
            )

    def _examples(self) -> str:
        return "; ".join(self.quarantine()[:3])


class Cropper(Dataset[Answer]):
    """Answers whole requests, in whichever process it is: a dataset whose keys are requests."""

    def __init__(self, read: Reader, rows: Tensor, sizes: Tensor, crop: Crop) -> None:
        self.read = read
        self.rows = rows
        self.sizes = sizes
        self.crop = crop
        self.bad: dict[int, str] = {}

    def __getitem__(self, request: Request) -> Answer:
        index: list[int] = []
        views: list[Tensor] = []
        bad: dict[int, str] = {}
        for row, wanted in enumerate(request.index.tolist()):
            found = self._readable(wanted, bad)
            if found is None:
                break
            index.append(found[0])
            crops = self.crop(found[1], request.plan, row)
            views = views or [_room(len(request.index), crop) for crop in crops]
            for view, crop in zip(views, crops, strict=True):
                view[row] = crop
        crops = [view[: len(index)] for view in views]
        return Answer(request, torch.tensor(index, dtype=torch.int64), crops, bad)

    def _readable(self, wanted: int, bad: dict[int, str]) -> tuple[int, Tensor] | None:
        """The row that is wanted, or the next that can be read, and its picture."""
        for step in range(len(self.rows)):
            index = (wanted + step) % len(self.rows)
            row = int(self.rows[index])
            if row not in self.bad:
                try:
                    return index, _stretched(self.read(row), self.sizes[wanted].tolist())
                except UnreadableError as error:
                    self.bad[row] = str(error)
            bad[row] = self.bad[row]
        return None


def _room(n: int, crop: Tensor) -> Tensor:
    """Memory for ``n`` such crops, laid out as theirs; a worker's is shared with the process that asks."""
    room = crop.new_empty_strided((n, *crop.shape), (crop.numel(), *crop.stride()))
    if get_worker_info() is not None:
        room.share_memory_()  # type: ignore[no-untyped-call]
    return room


def _stretched(picture: Tensor, size: list[int]) -> Tensor:
    """The picture at the size that the plan was made for, which is nearly always its own."""
    if list(picture.shape[1:]) == size:
        return picture
    resized = interpolate(picture[None].float(), size, mode="bilinear", antialias=True)[0]
    highest = 255 if picture.dtype == torch.uint8 else 65535
    return resized.round().clamp(0, highest).to(picture.dtype)


def chosen_workers() -> int:
    """One process for each processor that this one may use, within reason; of several that train together
    each has its share."""
    return min(max(launcher.cores() // launcher.processes_here(), 1), MOST_WORKERS)


def _answers(cropper: Cropper, requests: Iterable[Request], workers: int) -> Iterator[Answer]:
    """Requests answered in order, those ahead of the reader being worked on already."""
    if not workers:
        yield from map(cropper.__getitem__, requests)
        return
    loader: DataLoader[Answer] = DataLoader(
        cropper,
        sampler=requests,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=AHEAD,
        worker_init_fn=_leave_interrupts_to_the_parent,
        # Without its own generator the loader would draw from, and so move, torch's global one.
        generator=torch.Generator(),
    )
    yield from loader


def _leave_interrupts_to_the_parent(worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
