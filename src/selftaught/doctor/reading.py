"""Every picture is read once: files by threads, since decoders and hashes let other threads run meanwhile."""

import io
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from selftaught.data import Request, Source
from selftaught.data.files import Header, Kind, header, pixels, reason, strict
from selftaught.doctor.measures import Measures, measure

AT_ONCE = 512
"""Files that are given to the threads at a time, so that a stop is not followed by a long queue."""

KIN = {"MPO": "JPEG"}
"""Formats that rightly bear another's ending: cameras write several JPEGs into one .jpg."""

Told = Callable[[int], None]


@dataclass(frozen=True)
class Look:
    """What one reading of a file tells.

    Attributes:
        name: its path, relative to the folder.
        size: in bytes.
        seconds: of one core, that reading and decoding it took.
        header: None where the file has none.
        format: by its content, as Pillow calls it.
        frames: how many pictures are in it.
        digest: SHA-256 of its bytes.
        trouble: why it cannot be read; None where it can.
        measures: of its picture, one row; None where it cannot be read.
    """

    name: str
    size: int = 0
    seconds: float = 0.0
    header: Header | None = None
    format: str | None = None
    frames: int = 1
    digest: bytes = b""
    trouble: str | None = None
    measures: Measures | None = None

    @property
    def misnamed(self) -> bool:
        """Whether the ending promises another format than the file has."""
        promised = Image.registered_extensions().get(Path(self.name).suffix.lower())
        return self.format is not None and KIN.get(self.format, self.format) != promised

    @property
    def animated(self) -> bool:
        """Whether the file holds pictures of which only the first is seen."""
        channels = self.header.channels if self.header else 1
        return self.frames > 1 and (self.format != "TIFF" or channels != self.frames)


def look_at(folder: str, name: str) -> Look:
    """Read, hash, decode and measure one file; whatever goes wrong with it is told in the answer."""
    began = time.thread_time()
    facts: dict[str, Any] = {}
    path = f"{folder}/{name}"
    try:
        content = Path(path).read_bytes()
        facts |= {"size": len(content), "digest": sha256(content).digest()}
        with Image.open(io.BytesIO(content)) as picture:
            facts["format"] = picture.format
            facts["frames"] = getattr(picture, "n_frames", 1)
            facts["header"] = found = header(picture)
            decoded = pixels(picture, Kind(found.channels, found.levels))
        facts["seconds"] = time.thread_time() - began
        facts["measures"] = measure(decoded.contiguous().numpy()[None], found.levels)
    except Exception as error:  # a broken file can make a decoder raise anything
        facts["trouble"] = reason(path, error)
    return Look(name, **facts)


def look_at_files(folder: str, names: Sequence[str], threads: int, told: Told) -> Iterator[Look]:
    """A look at each file, in order.

    Args:
        told: is called with 1 after each.
    """
    with strict(), ThreadPoolExecutor(threads) as pool:
        try:
            for at in range(0, len(names), AT_ONCE):
                some = names[at : at + AT_ONCE]
                for look in pool.map(look_at, [folder] * len(some), some):
                    yield look
                    told(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def look_at_source(source: Source, told: Told) -> tuple[Measures, np.ndarray]:
    """Measures of an opened set's pictures, and their rows; what cannot be read is left out."""
    parts: list[Measures] = []
    rows: list[Tensor] = []
    requests = (Request(index) for index in torch.split(torch.arange(len(source)), 256))
    for fetched in source.fetch(requests, measured):
        index = fetched.request.index
        if fetched.pictures is not None:
            found = measure(fetched.pictures.cpu().numpy(), source.levels)
        else:
            found = _unpacked(fetched.crops or [])
        parts.append(found)
        rows.append(index)
        told(len(index))
    # Another picture stands in for one that cannot be read; it must not be counted twice.
    index = torch.cat(rows)
    own = (index == torch.arange(len(index))).numpy()
    return Measures.joined(parts)[own], index.numpy()[own]


def measured(picture: Tensor, plan: Any, row: int) -> list[Tensor]:
    """The measures of one picture, as tensors: a ``Crop``, so that workers do the measuring."""
    levels = 255 if picture.dtype == torch.uint8 else 65535
    found = measure(picture.numpy()[None], levels)
    return [_as_tensor(getattr(found, field.name)[0]) for field in fields(Measures)]


def _as_tensor(column: Any) -> Tensor:
    """torch knows no arithmetic on unsigned numbers of 64 bits, and needs none here."""
    array = np.asarray(column)
    return torch.from_numpy(array.view(np.int64) if array.dtype == np.uint64 else array)


def _unpacked(crops: Iterable[Tensor]) -> Measures:
    columns = [crop.numpy() for crop in crops]
    return Measures(
        *(column.view(np.uint64) if column.dtype == np.int64 else column for column in columns)
    )
