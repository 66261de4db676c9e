"""Near-duplicates: pictures that are one shot, saved, sized, cut or coloured again.

Candidates are pairs whose perceptual hashes differ in few bits. Comparing all hashes of 100,000 pictures
is five billion times one exclusive or and one count of bits, in blocks that stay in the processor's
cache: seconds, and less than the time that reading them took. Plain pictures (sky, a white ground) have
like hashes without being alike, so every candidate is then compared pixel by pixel: what is finer than a
blur must agree, at the best of all shifts by up to three of 32 pixels, and so must the colours, unless
one of the two is grey.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int64, Integer, UInt8, UInt64
from numpy import ndarray
from scipy import fft, ndimage

from selftaught.doctor.measures import SIDE, TINTS, Measures

RADIUS = 12
"""Of 63 bits, so many may differ."""

ALIKE = 0.65
"""Correlation of the details from which two pictures are called near-duplicates."""

SAME_COLOUR = 12 / 255
"""Largest mean difference of the colours of near-duplicates."""

STRENGTH = (0.65, 1.55)
"""How much weaker or stronger the colours may have become."""

GREY = 2 / 255
"""A picture whose channels differ by less, on the mean, is grey."""

CANDIDATES = 8
"""Of each picture's candidates, so many of the nearest hashes are compared pixel by pixel."""

SHIFT = 3
BLUR = 1.5
"""Width of the blur in pixels of the small copy."""

FAINT = 4.0
"""Details of a smaller standard deviation (of 255 levels, after stretching) are rounding, and compare
with nothing."""

ROWS, COLUMNS = 16, 4096
PAIRS = 256


class Pairs(NamedTuple):
    """Pairs of near-duplicates.

    Attributes:
        first, second: rows of the two sets.
        distance: bits in which the hashes differ.
        likeness: correlation of the details, at most 1.
    """

    first: Int64[ndarray, " p"]
    second: Int64[ndarray, " p"]
    distance: Int64[ndarray, " p"]
    likeness: Float32[ndarray, " p"]


def near_duplicates(these: Measures, others: Measures | None = None) -> Pairs:
    """Near-duplicates within a set (each pair once), or of one set in another."""
    within = others is None
    others = these if others is None else others
    blocks = [np.zeros((4, 0))]
    for i, j, distance in close(these.hashes, others.hashes, within=within):
        good = of_one_colour(these[i], others[j])
        like = likeness(these.copies[i[good]], others.copies[j[good]])
        candidates = np.stack([i[good], j[good], distance[good], like])
        blocks.append(candidates[:, like >= ALIKE])
    found = np.concatenate(blocks, axis=1)
    whole = found[:3].astype(np.int64)
    return Pairs(whole[0], whole[1], whole[2], found[3].astype(np.float32))


def of_one_colour(first: Measures, second: Measures) -> Bool[ndarray, " p"]:
    """Whether the colours agree, be they stronger or weaker, or one of the two pictures is grey."""
    one, other = (
        each.tints.reshape(len(each), 2 * TINTS**2).astype(np.float32) for each in (first, second)
    )
    energy = np.square(other).sum(-1, keepdims=True)
    gain = (one * other).sum(-1, keepdims=True) / np.maximum(energy, 1e-9)
    apart = np.abs(one - gain.clip(*STRENGTH) * other).mean(-1)
    grey = np.fmin(first.colour, second.colour) < GREY
    # Without three channels the colour is not a number, and there is none to differ.
    plain = np.isnan(first.colour) | np.isnan(second.colour)
    agree: ndarray = (apart <= SAME_COLOUR) | grey | plain
    return agree


def close(
    first: UInt64[ndarray, " n"],
    second: UInt64[ndarray, " m"],
    *,
    within: bool = False,
    radius: int = RADIUS,
    most: int = CANDIDATES,
) -> Iterator[tuple[ndarray, ndarray, ndarray]]:
    """Rows of the two whose hashes differ in at most ``radius`` bits, and in how many, in blocks of rows.

    Args:
        within: both are one set; each pair is given once, the smaller row first.
        most: of each row of the first, the nearest so many; among equals the earlier.
    """
    different = np.empty((ROWS, COLUMNS), np.uint64)
    distance = np.empty((ROWS, COLUMNS), np.uint8)
    for top in range(0, len(first), ROWS):
        rows = first[top : top + ROWS, None]
        blocks = []
        for left in range(top + 1 if within else 0, len(second), COLUMNS):
            columns = second[None, left : left + COLUMNS]
            xor = different[: len(rows), : columns.shape[1]]
            count = distance[: len(rows), : columns.shape[1]]
            np.bitwise_xor(rows, columns, out=xor)
            np.bitwise_count(xor, out=count)
            if count.min() <= radius:
                i, j = np.nonzero(count <= radius)
                blocks.append(np.stack([i + top, j + left, count[i, j]]).astype(np.int64))
        if blocks:
            i, j, d = np.concatenate(blocks, axis=1)
            if within:
                own = j > i
                i, j, d = i[own], j[own], d[own]
            yield _nearest(i, j, d, most)


def _nearest(
    i: Integer[ndarray, " p"], j: Integer[ndarray, " p"], d: Integer[ndarray, " p"], most: int
) -> tuple[ndarray, ndarray, ndarray]:
    """Of each i, the pairs with the smallest d."""
    order = np.lexsort((j, d, i))
    i, j, d = i[order], j[order], d[order]
    starts = np.flatnonzero(np.diff(i, prepend=-1))
    place = np.arange(len(i)) - np.repeat(starts, np.diff(starts, append=len(i)))
    kept = place < most
    return i[kept], j[kept], d[kept]


def likeness(
    first: UInt8[ndarray, "p 32 32"], second: UInt8[ndarray, "p 32 32"]
) -> Float32[ndarray, " p"]:
    """Correlation of what is finer than a blur: the middle of the first with the second, at the best shift.

    0 where there are no details to compare.
    """
    parts = [
        _likeness(first[at : at + PAIRS], second[at : at + PAIRS])
        for at in range(0, len(first), PAIRS)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _likeness(first: ndarray, second: ndarray) -> ndarray:
    inner = slice(SHIFT, SIDE - SHIFT)
    a, b = details(first)[:, inner, inner], details(second)
    a = a - a.mean(axis=(1, 2), keepdims=True)
    middle = np.zeros_like(b)
    middle[:, inner, inner] = a
    # Correlation theorem. The middle never leaves the picture at these shifts, so nothing wraps around.
    spectrum = np.conj(fft.rfft2(middle)) * fft.rfft2(b)
    shifts = np.arange(-SHIFT, SHIFT + 1)
    products = fft.irfft2(spectrum, s=(SIDE, SIDE))[:, shifts][:, :, shifts]
    pixels = a.shape[1] ** 2
    energy = windows(np.square(b)) - np.square(windows(b)) / pixels
    own = np.square(a).sum(axis=(1, 2))
    faint = pixels * FAINT**2
    known = (own[:, None, None] > faint) & (energy > faint)
    scale = np.sqrt(np.where(known, own[:, None, None] * energy, 1))
    best: ndarray = np.where(known, products / scale, 0).max(axis=(1, 2))
    return best.astype(np.float32)


def details(copies: UInt8[ndarray, "p 32 32"]) -> Float32[ndarray, "p 32 32"]:
    """What a blur takes away."""
    levels = copies.astype(np.float32)
    fine: ndarray = levels - ndimage.gaussian_filter(levels, (0, BLUR, BLUR))
    return fine


def windows(values: Float32[ndarray, "p 32 32"]) -> Float32[ndarray, "p 7 7"]:
    """The sum over the window that the middle covers, at each shift from -3 to 3 of both sides."""
    sums = np.pad(values.astype(np.float64).cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    size, count = SIDE - 2 * SHIFT, 2 * SHIFT + 1
    right = sums[:, size:, size:] - sums[:, size:, :count]
    above = sums[:, :count, size:] - sums[:, :count, :count]
    whole: ndarray = (right - above).astype(np.float32)
    return whole
