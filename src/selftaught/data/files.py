"""One picture file: its header, its pixels as integers, its content as a hash. Pillow decodes."""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int32, UInt8
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from selftaught.errors import Refusal

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
"""What counts as a picture, in lower case."""

GREY = frozenset({"1", "L", "LA", "La"})
DEEP = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})
SIDEWAYS = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange height and width."""


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before any pixel is decoded.

    Attributes:
        height, width: in pixels, as seen (EXIF orientation applied).
        channels: 1 grey, 3 colour (palettes and transparency become RGB), or a TIFF's grey pages.
        levels: 255, or 65535 for 16 bits.
    """

    height: int
    width: int
    channels: int
    levels: int


class Kind(NamedTuple):
    """What all pictures of one set share."""

    channels: int
    levels: int


@contextmanager
def strict() -> Iterator[None]:
    """A decompression bomb is an error here; what else Pillow grumbles about a file is not news.

    Python's filters of warnings belong to the whole process: enter it once, around the threads that read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _pages(picture: Image.Image) -> int:
    """How many channels lie in pages of one size: microscopes write a TIFF page a channel."""
    pages: int = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    if pages == 1 or picture.mode not in GREY | DEEP:
        return 1
    first = picture.size, picture.mode
    same = True
    for page in range(1, pages):
        picture.seek(page)
        same &= (picture.size, picture.mode) == first
    picture.seek(0)
    return pages if same else 1


def header(picture: Image.Image) -> Header:
    """What an opened file says of its picture.

    Raises:
        ValueError: its pixels are no whole numbers.
    """
    width, height = picture.size
    if picture.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS:
        width, height = height, width
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers, not 8 or 16 bits")
    deep = picture.mode in DEEP
    channels = _pages(picture) if deep or picture.mode in GREY else 3
    return Header(height, width, channels, 65535 if deep else 255)


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def reason(path: str, error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    if Path(path).is_file() and not Path(path).stat().st_size:
        return "zero bytes"
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return "a decompression bomb: more pixels than Pillow's limit"
    if isinstance(error, UnidentifiedImageError):
        return "not a picture that can be identified"
    return str(error) or type(error).__name__


def headers(folder: str, names: Sequence[str]) -> dict[str, Header | str]:
    """Each file's header, or the reason why it has none, by its path relative to the folder."""

    def look(name: str) -> Header | str:
        path = f"{folder}/{name}"
        try:
            if not Path(path).is_file():  # a pipe would be waited for, without end
                return "no file" if not Path(path).exists() else "no regular file"
            with Image.open(path) as picture:
                return header(picture)
        except Exception as error:  # a broken file can make a decoder raise anything
            return reason(path, error)

    with strict(), ThreadPoolExecutor(8) as threads:
        return dict(zip(names, threads.map(look, names), strict=True))


class UnreadableError(Exception):
    """A file that cannot be decoded, with the reason."""


@dataclass(frozen=True)
class Files:
    """Reads pictures by number; it pickles, so that workers can read too.

    Attributes:
        folder: where they lie.
        names: paths relative to it.
        kind: the channels and levels that all of them are brought to (grey is widened to RGB).
    """

    folder: str
    names: tuple[str, ...]
    kind: Kind

    def __call__(self, row: int) -> UInt8[Tensor, "c h w"] | Int32[Tensor, "c h w"]:
        """The pixels of one file.

        Raises:
            UnreadableError: it cannot be decoded.
        """
        path = f"{self.folder}/{self.names[row]}"
        try:
            with strict(), Image.open(path) as picture:
                return pixels(picture, self.kind)
        except Exception as error:  # a broken file can make a decoder raise anything
            raise UnreadableError(reason(path, error)) from error

    def name(self, row: int) -> str:
        """How a file is called in lists."""
        return self.names[row]


def pixels(picture: Image.Image, kind: Kind) -> UInt8[Tensor, "c h w"] | Int32[Tensor, "c h w"]:
    """The pixels of an opened file, upright, brought to a set's channels and levels."""
    pages = _pages(picture)
    if pages > 1:
        planes = []
        for page in range(pages):
            picture.seek(page)
            planes.append(_plane(ImageOps.exif_transpose(picture), kind.levels))
        return torch.from_numpy(np.stack(planes))
    # A picture that stands upright, or is RGB already, would be copied all the same.
    ImageOps.exif_transpose(picture, in_place=True)
    if kind.channels == 1:
        return torch.from_numpy(_plane(picture, kind.levels))[None]
    if "transparency" in picture.info:
        # Pillow warns of palettes with transparency that are not taken through RGBA.
        picture = picture.convert("RGBA")
    colours = np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))
    return torch.from_numpy(colours).permute(2, 0, 1)


def _plane(picture: Image.Image, levels: int) -> NDArray[np.uint8] | NDArray[np.int32]:
    if levels == 255:
        return np.array(picture.convert("L"))
    deep = np.array(picture).astype(np.int32)
    if deep.min() < 0 or deep.max() > levels:
        raise ValueError("its pixels do not fit 16 bits")
    return deep


def common_kind(found: dict[str, Header]) -> tuple[Kind, str | None]:
    """The channels and levels that all pictures of a folder share, and a note if grey is widened.

    Raises:
        Refusal: the pictures are of several kinds, other than 8-bit grey and RGB.
    """
    examples: dict[Kind, list[str]] = {}
    for path, header in found.items():
        examples.setdefault(Kind(header.channels, header.levels), []).append(path)
    if len(examples) == 1:
        return next(iter(examples)), None
    grey, colour = Kind(1, 255), Kind(3, 255)
    if set(examples) == {grey, colour}:
        return colour, f"{len(examples[grey])} grey pictures are widened to RGB."
    counts = "; ".join(
        f"{len(paths)} of {kind.channels} channel{'s' * (kind.channels > 1)} "
        f"in {8 if kind.levels == 255 else 16} bits (such as {paths[0]})"
        for kind, paths in sorted(examples.items())
    )
    raise Refusal(
        f"the pictures are of {len(examples)} kinds: {counts}; give a folder whose pictures all "
        "have the same number of channels and bits (8-bit grey and RGB may be mixed)."
    )
