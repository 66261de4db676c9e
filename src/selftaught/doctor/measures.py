"""What is kept of a picture after one look: hashes, a small grey copy, brightness, contrast, colour.

The perceptual hash is the sign of the low frequencies of a discrete cosine transform, after Zauner,
"Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2.1: a grey copy of
32 x 32 pixels, its 8 x 8 lowest coefficients without the mean. Brightness, contrast and size do not change it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b

import numpy as np
from jaxtyping import Bool, Float, Float16, Float32, Integer, Shaped, UInt8, UInt64
from numpy import ndarray

SIDE = 32
"""Side of the small grey copy."""

LOW = 8
"""Frequencies along each side that are hashed."""

BITS = LOW * LOW - 1

TINTS = 4
"""Parts along each side whose colour is kept."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey (ITU-R BT.601), as Pillow has them."""

LOOKED_AT = 2**20
"""Brightness and colour of a larger picture are measured on a regular grid of about so many pixels."""


@dataclass(frozen=True)
class Measures:
    """Of n pictures, a row each; brightness is in [0, 1].

    Attributes:
        digests: BLAKE2b of the decoded pixels and their shape: equal for exact copies, whatever the file.
        hashes: the perceptual hash, in the lowest 63 bits.
        copies: small grey copies, each stretched over all 256 levels.
        tints: red less green, and green less blue, in 4 x 4 parts of the picture; 0 without three channels.
        mean, square: of each channel's pixels, and of their squares; NaN where another picture has more
        channels. contrast: standard deviation of the grey pixels.
        colour: mean difference of the largest and the smallest of red, green and blue; NaN without three
        channels. brightest: the largest pixel.
    """

    digests: UInt64[ndarray, "n 2"]
    hashes: UInt64[ndarray, " n"]
    copies: UInt8[ndarray, "n 32 32"]
    tints: Float16[ndarray, "n 2 4 4"]
    mean: Float32[ndarray, "n c"]
    square: Float32[ndarray, "n c"]
    contrast: Float32[ndarray, " n"]
    colour: Float32[ndarray, " n"]
    brightest: Float32[ndarray, " n"]

    def __len__(self) -> int:
        return len(self.hashes)

    def __getitem__(self, rows: Integer[ndarray, " m"] | Bool[ndarray, " n"]) -> "Measures":
        """Some of the rows."""
        return Measures(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Measures"]) -> "Measures":
        """All rows of several; of pictures with fewer channels than others, the missing ones are NaN."""
        if not parts:
            return measure(np.zeros((0, 1, 1, 1), dtype=np.uint8), 255)
        channels = max(part.mean.shape[1] for part in parts)
        columns = []
        for field in fields(cls):
            blocks = [getattr(part, field.name) for part in parts]
            if field.name in ("mean", "square"):
                blocks = [_widened(block, channels) for block in blocks]
            columns.append(np.concatenate(blocks))
        return cls(*columns)

    @property
    def brightness(self) -> Float32[ndarray, " n"]:
        """Mean over pixels and channels."""
        brightness: ndarray = np.nanmean(self.mean, axis=1) if len(self) else self.contrast
        return brightness


def _widened(block: ndarray, channels: int) -> ndarray:
    missing = channels - block.shape[1]
    return np.pad(block, ((0, 0), (0, missing)), constant_values=np.nan) if missing else block


def measure(pictures: Integer[ndarray, "n c h w"], levels: int) -> Measures:
    """Measure pictures of one size.

    Args:
        levels: the largest value that a pixel may take: 255 or 65535.
    """
    number, channels, height, width = pictures.shape
    step = max(1, int((height * width / LOOKED_AT) ** 0.5))
    grid = pictures[:, :, ::step, ::step].astype(np.float32) / np.float32(levels)
    some = grid.reshape(number, channels, grid.shape[2] * grid.shape[3])
    flat = as_grey(some)
    # Averages first, grey from them: of a large picture no copy in floating-point numbers is made.
    copies = stretched(as_grey(reduced(pictures, SIDE)))
    spread = np.ptp(some, axis=1).mean(-1) if channels == 3 else np.full(number, np.nan)
    return Measures(
        digests=np.array([digest(picture) for picture in pictures], np.uint64).reshape(-1, 2),
        hashes=perceptual(copies),
        copies=copies,
        tints=tints(grid),
        mean=some.mean(-1, dtype=np.float64).astype(np.float32),
        square=np.square(some).mean(-1, dtype=np.float64).astype(np.float32),
        contrast=flat.std(-1).astype(np.float32),
        colour=spread.astype(np.float32),
        brightest=some.max(axis=(1, 2), initial=0).astype(np.float32),
    )


def digest(picture: Integer[ndarray, "c h w"]) -> tuple[int, int]:
    """128 bits of a picture's shape and pixels."""
    content = blake2b(picture.tobytes(), digest_size=16, person=_shape(picture)).digest()
    return int.from_bytes(content[:8], "little"), int.from_bytes(content[8:], "little")


def _shape(picture: ndarray) -> bytes:
    """Channels, height and width in 16 bytes, so that a picture of 4 x 9 pixels is none of 6 x 6."""
    return b"".join(side.to_bytes(5, "little") for side in picture.shape)


def as_grey(pictures: Float32[ndarray, "n c ..."]) -> Float32[ndarray, "n ..."]:
    """Luma of three channels; the mean of any other number of them."""
    weights = LUMA if pictures.shape[1] == 3 else (1 / pictures.shape[1],) * pictures.shape[1]
    grey = np.zeros((pictures.shape[0], *pictures.shape[2:]), np.float32)
    for channel, weight in enumerate(weights):
        grey += np.float32(weight) * pictures[:, channel]
    return grey


def tints(pictures: Float32[ndarray, "n c h w"]) -> Float16[ndarray, "n 2 4 4"]:
    """The colour of each part, whatever its brightness."""
    found = np.zeros((len(pictures), 2, TINTS, TINTS), np.float16)
    if pictures.shape[1] == 3:
        parts = reduced(pictures, TINTS)
        found[:] = parts[:, :-1] - parts[:, 1:]
    return found


def reduced(
    pictures: Shaped[ndarray, "n c h w"], side: int
) -> Float32[ndarray, "n c {side} {side}"]:
    """The mean of each of ``side`` x ``side`` boxes; of a picture that is smaller, some stand twice."""
    for axis in (3, 2):
        edges = np.arange(side) * pictures.shape[axis] // side
        counts = np.maximum(np.diff(edges, append=pictures.shape[axis]), 1).astype(np.float32)
        pictures = np.add.reduceat(pictures, edges, axis=axis, dtype=np.float32)
        pictures /= counts if axis == 3 else counts[:, None]
    return pictures


def stretched(grey: Float32[ndarray, "n h w"]) -> UInt8[ndarray, "n h w"]:
    """Each picture from its own darkest to its own brightest pixel; a constant one is black."""
    low = grey.min(axis=(1, 2), keepdims=True, initial=np.inf)
    high = grey.max(axis=(1, 2), keepdims=True, initial=-np.inf)
    span = np.where(high - low > 1e-3, high - low, np.inf)
    # Of no picture there is no least pixel, and infinity less infinity would be complained of.
    levels = (grey - low) * (255 / span) if len(grey) else grey
    return np.round(levels).astype(np.uint8)


def perceptual(copies: UInt8[ndarray, "n 32 32"]) -> UInt64[ndarray, " n"]:
    """Bit i - 1 is set where coefficient i of the 64, row by row, is above zero; i = 0, the mean, is
    left out."""
    waves = cosines(SIDE, LOW)
    found = np.einsum("uy,nyx,vx->nuv", waves, copies.astype(np.float32), waves, optimize=True)
    bits = found.reshape(len(copies), LOW * LOW)[:, 1:] > 1e-3
    weights = np.uint64(1) << np.arange(BITS, dtype=np.uint64)
    hashes: ndarray = (bits * weights).sum(axis=1, dtype=np.uint64)
    return hashes


def cosines(size: int, count: int) -> Float[ndarray, "{count} {size}"]:
    """The first rows of the orthonormal DCT-II."""
    k, x = np.mgrid[0:count, 0:size]
    waves = np.cos(np.pi / size * (x + 0.5) * k) * np.sqrt(2 / size)
    waves[0] /= np.sqrt(2)
    single: ndarray = waves.astype(np.float32)
    return single
