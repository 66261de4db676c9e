"""The contract of a data set: integer pictures by index, in memory or streamed from files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

Crop = Callable[[Tensor, Any, int], list[Tensor]]
"""``crop(picture [c, h, w] integer, plan, row) -> one [c, s, s] float32 in [0, 1] per view``.

It is handed to a source by whoever reads it, so that a source can crop while it decodes and still
knows nothing of views. ``plan`` is passed through untouched; it must pickle."""


@dataclass(frozen=True)
class Request:
    """Which pictures are wanted, and what is going to happen to them.

    Attributes:
        index: [n] int64, rows of the source.
        plan: what the reader means to do; given back with the pictures.
    """

    index: Tensor
    plan: Any = None


@dataclass(frozen=True)
class Fetched:
    """The answer to one request: either whole pictures, or views that were cropped while decoding.

    Attributes:
        request: the request that is answered.
        pictures: [n, c, h, w] uint8 or int32, whole; None when cropped.
        crops: one [n, c, s, s] float32 in [0, 1] per view; None when whole.
    """

    request: Request
    pictures: Tensor | None = None
    crops: list[Tensor] | None = None

    @property
    def given(self) -> Tensor | list[Tensor]:
        """Whichever of the two it is."""
        if self.crops is not None:
            return self.crops
        assert self.pictures is not None
        return self.pictures


@runtime_checkable
class Source(Protocol):
    """Pictures that can be asked for by number.

    Attributes:
        sizes: [N, 2] int64, height and width of each picture.
        channels: how many channels each picture has.
        levels: the largest value a pixel may take: 255 or 65535.
        labels: [N] int64, -1 where a picture has none; None when no picture has one.
        groups: [N] int64, pictures of one group are never split; None without groups.
    """

    sizes: Tensor
    channels: int
    levels: int
    labels: Tensor | None
    groups: Tensor | None

    def __len__(self) -> int: ...

    def fetch(self, requests: Iterable[Request], crop: Crop) -> Iterator[Fetched]:
        """Answer each request in order. The caller never needs to know whether files are read."""
        ...

    def subset(self, index: Tensor) -> "Source":
        """The rows of ``index`` [m] int64, in that order."""
        ...

    def quarantine(self) -> list[str]:
        """Files that were set aside so far, each with the reason, sorted."""
        ...


@dataclass(frozen=True)
class Splits:
    """A data set, divided once and for all by its content.

    Attributes:
        name: as the user gave it.
        train: labelled where labels exist; learns probes, and pretrains.
        validation: every choice is made on it.
        test: read once, at the end; None when the data set has none.
        unlabelled: further pictures for pretraining alone (STL-10); None without.
        classes: names of the classes; empty without labels.
        size: side of the square views that suit this set, in pixels.
        mean, std: per channel, of the training pictures in [0, 1].
        preset: which views suit this set.
        notes: sentences for the user (a folder that was shadowed, files set aside).
        root: where the public sets lie, as the user named it; further sets are looked for there too.
        files: of a folder, the file of each row of ``train``, ``validation`` and ``test``, relative to it.
        mark: of a folder, a hash of what its pictures, labels and groups are and how they are divided; empty
            for public sets, which do not change.
    """

    name: str
    train: Source
    validation: Source
    test: Source | None
    classes: tuple[str, ...]
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    preset: str = "natural"
    unlabelled: Source | None = None
    notes: tuple[str, ...] = field(default=())
    root: str | None = None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mark: str = ""
