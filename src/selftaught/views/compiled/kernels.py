"""All that happens to one view on a CPU, compiled, while the view is in the core's own cache.

Each operation is that of ``batched``, which says where it comes from, written as a loop over pixels. They stand
in one file since Numba compiles anew what was called when its file has changed, and looks at no other.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from selftaught.views.batched.colour import LUMA
from selftaught.views.batched.solarise import THRESHOLD
from selftaught.views.compiled.workspace import Numbers, Workspace
from selftaught.views.plan import BRIGHTNESS, CONTRAST, HUE

F = TypeVar("F", bound=Callable[..., object])

OPTIONS = {"nogil": True, "fastmath": True, "error_model": "numpy"}


def compiled(function: F) -> F:
    """Compiled by Numba when it is first called, kept beside this file, and run without Python's lock.

    Sums are taken in the order that suits the processor: the same on one machine every time, another last
    digit on the next, as with torch's products.
    """
    # What checks shapes while tests run is wrapped around a function, and cannot be compiled.
    plain = inspect.unwrap(function)
    try:
        function = njit(cache=True, **OPTIONS)(plain)
    except RuntimeError:  # nowhere to write: neither beside the source nor in the user's cache
        function = njit(**OPTIONS)(plain)
    return function


# Numba counts a bare 1 or 0.5 among the float64, which halves what a processor does at a time.
REAL = np.float32
NOUGHT, ONE, TWO, FOUR, SIX = (np.float32(number) for number in (0, 1, 2, 4, 6))
SIXTH, THIRD, HALF = (np.float32(number) for number in (1 / 6, 1 / 3, 1 / 2))
TINY, LEAST = np.float32(1e-12), 1e-12
RED, GREEN, BLUE = (np.float32(share) for share in LUMA)
BRIGHT = np.float32(THRESHOLD)

Choices = tuple[Numbers, NDArray[np.int8], NDArray[np.bool_], Numbers, NDArray[np.bool_]]
"""Of each picture: factors, order, grayscale, sigma, solarise, as in a plan."""


# Crop ----------------------------------------------------------------------------------------------


@compiled
def cubic(distance: np.float32) -> np.float32:
    """Twice Keys' cubic filter (a = -1/2), for a distance that is not negative."""
    outer = max(TWO - distance, NOUGHT)
    inner = max(ONE - distance, NOUGHT)
    return outer * outer * (outer - ONE) + inner * inner * (TWO - FOUR * inner)


@compiled
def taps(
    start: int,
    extent: int,
    size: int,
    mirrored: bool,
    firsts: NDArray[np.int64],
    weights: Numbers,
) -> int:
    """How one side of a box is resized.

    Args:
        start, extent: of the box, in pixels of the picture.
        size: of the view, in pixels.
        mirrored: whether the view is shown backwards.
        firsts: int64 [size] to be written to: the first pixel of the picture that each of the view sees.
        weights: float32 [size, at least the result] to be written to: of the pixels from there on.

    Returns:
        how many pixels each sees at most.
    """
    scale = extent / size
    stretch = max(scale, 1.0)
    count = min(int(np.ceil(4 * stretch)), extent)
    for place in range(size):
        target = size - 1 - place if mirrored else place
        centre = (place + 0.5) * scale
        first = min(max(int(np.ceil(centre - 2 * stretch - 0.5)), 0), extent - count)
        firsts[target] = start + first
        total = NOUGHT
        for tap in range(count):
            weight = cubic(np.float32(abs(first + tap + 0.5 - centre) / stretch))
            weights[target, tap] = weight
            total += weight
        for tap in range(count):
            weights[target, tap] /= total
    return count


@compiled
def down(
    rows: NDArray[np.generic],
    start: int,
    length: int,
    firsts: NDArray[np.int64],
    weights: Numbers,
    count: int,
    out: Numbers,
) -> None:
    """Weighted sums of rows.

    Args:
        rows: [r, at least ``start + length``], of any type of number.
        start, length: the columns that are wanted.
        firsts, weights, count: for each row of the result, as ``taps`` writes them.
        out: float32 [s, at least ``length``] to be written to.
    """
    stop, done = start + length, 4 if count >= 4 else 0
    for target in range(len(firsts)):
        first, by, into = firsts[target], weights[target], out[target, :length]
        if done:  # at one go, so that a sum is written once and not four times
            a, b = rows[first, start:stop], rows[first + 1, start:stop]
            c, d = rows[first + 2, start:stop], rows[first + 3, start:stop]
            wa, wb, wc, wd = by[0], by[1], by[2], by[3]
            for x in range(length):
                into[x] = wa * REAL(a[x]) + wb * REAL(b[x]) + wc * REAL(c[x]) + wd * REAL(d[x])
        else:
            into[:] = NOUGHT
        for tap in range(done, count):
            row, weight = rows[first + tap, start:stop], by[tap]
            for x in range(length):
                into[x] += weight * REAL(row[x])


@compiled
def turn(
    rows: Numbers,
    start: int,
    step: int,
    height: int,
    width: int,
    out: Numbers,
) -> None:
    """Write columns ``start``, ``start + step``, ... of the first ``height`` rows as ``width`` rows."""
    for y in range(height):
        row = rows[y]
        for x in range(width):
            out[x, y] = row[start + x * step]


@compiled
def resample(
    pictures: NDArray[np.generic],
    boxes: NDArray[np.int64],
    flips: NDArray[np.bool_],
    levels: np.float32,
    room: Workspace,
    out: Numbers,
) -> None:
    """Write what a box of each picture holds, in [0, 1] and with its columns as rows, to ``out`` [n, c, s, s].

    Args:
        pictures: integers [n, p, h, w * k] of p * k channels, of which k lie side by side.
        boxes: int64 [n, 4], top, left, height, width in pixels.
        flips: which are mirrored.
        levels: the largest value of a pixel.
    """
    firsts, weights = room.firsts, room.weights
    planes, channels, side = pictures.shape[1], out.shape[1], out.shape[2]
    each = channels // planes
    for row in range(len(out)):
        top, left, height, width = boxes[row]
        count = taps(top, height, side, False, firsts, weights)
        for plane in range(planes):
            source, tall = pictures[row, plane], room.tall[plane]
            down(source, left * each, width * each, firsts, weights, count, tall)
        count = taps(0, width, side, flips[row], firsts, weights)
        for channel in range(channels):
            turn(room.tall[channel // each], channel % each, each, side, width, room.turned)
            down(room.turned, 0, side, firsts, weights, count, out[row, channel])
        # Bicubic overshoots beside edges.
        flat, share = out[row].reshape(-1), ONE / levels
        for place in range(len(flat)):
            flat[place] = min(max(flat[place] * share, NOUGHT), ONE)


# Colour --------------------------------------------------------------------------------------------


@compiled
def within(value: np.float32) -> np.float32:
    """The nearest value in [0, 1]."""
    return min(max(value, NOUGHT), ONE)


@compiled
def blend(view: Numbers, keep: np.float32, add: np.float32) -> None:
    """``keep`` times the view and ``add``, in place: brightness, and contrast with a mean."""
    flat = view.reshape(-1)
    for place in range(len(flat)):
        flat[place] = within(keep * flat[place] + add)


@compiled
def mean_luminance(view: Numbers) -> np.float32:
    """Of RGB by ITU-R 601, of anything else the mean."""
    mean = NOUGHT
    for channel in range(len(view)):
        flat = view[channel].reshape(-1)
        total = NOUGHT
        for place in range(len(flat)):
            total += flat[place]
        share = ONE / np.float32(len(view))
        if len(view) == 3:
            share = RED if channel == 0 else GREEN if channel == 1 else BLUE
        mean += share * total / np.float32(len(flat))
    return mean


@compiled
def saturate(view: Numbers, keep: np.float32) -> None:
    """Blend RGB with its luminance, in place; with ``keep`` of nought it is grayscale."""
    red, green, blue = view[0].reshape(-1), view[1].reshape(-1), view[2].reshape(-1)
    rest = ONE - keep
    for place in range(len(red)):
        luminance = RED * red[place] + GREEN * green[place] + BLUE * blue[place]
        add = rest * luminance
        red[place] = within(keep * red[place] + add)
        green[place] = within(keep * green[place] + add)
        blue[place] = within(keep * blue[place] + add)


@compiled
def trapezium(turns: np.float32, least: np.float32, span: np.float32) -> np.float32:
    """A channel by its distance on the circle of hues from the one opposite to its own."""
    distance = abs(turns - np.rint(turns))
    return within(least + span * min(max(distance, SIXTH), THIRD))


@compiled
def shift_hue(view: Numbers, shift: np.float32) -> None:
    """Turn the hues of RGB by ``shift``, in turns, in place."""
    reds, greens, blues = view[0].reshape(-1), view[1].reshape(-1), view[2].reshape(-1)
    for place in range(len(reds)):
        red, green, blue = reds[place], greens[place], blues[place]
        least = min(red, green, blue)
        span = max(red, green, blue) - least
        sixths = ONE + (green + blue - red - least) / max(span, TINY)
        turns = (sixths if green >= blue else -sixths) * SIXTH + shift
        least -= span
        span *= SIX
        reds[place] = trapezium(turns + HALF, least, span)
        greens[place] = trapezium(turns + SIXTH, least, span)
        blues[place] = trapezium(turns - SIXTH, least, span)


@compiled
def jitter(view: Numbers, factors: NDArray[np.float32], order: NDArray[np.int8]) -> None:
    """Colour jitter in place.

    Args:
        view: of three channels, or of others without saturation and hue.
        factors: float32 [4], of brightness, contrast, saturation; then the hue's shift in turns.
        order: int8 [4], the operations from first to last.
    """
    for operation in order:
        factor = factors[operation]
        if operation == HUE:
            if factor != NOUGHT:
                shift_hue(view, factor)
        elif factor != ONE:
            if operation == BRIGHTNESS:
                blend(view, factor, NOUGHT)
            elif operation == CONTRAST:
                blend(view, factor, (ONE - factor) * mean_luminance(view))
            else:
                saturate(view, factor)


# Blur ----------------------------------------------------------------------------------------------


@compiled
def kernel(sigma: float, reach: int, weights: Numbers) -> int:
    """Write the centre and one half of a kernel, ``reach`` pixels wide, to float32 ``weights``.

    Returns:
        how many of them are to be used: one, and an even number.
    """
    total, count = 1.0, 1
    for tap in range(1, reach + 1):
        total += 2 * np.exp(-0.5 * (tap / sigma) ** 2)
    for tap in range(len(weights)):
        weight = np.exp(-0.5 * (tap / sigma) ** 2) / total
        seen = tap <= reach and weight >= LEAST
        weights[tap] = np.float32(weight if seen else 0.0)
        if seen:
            count = 1 + tap + tap % 2
    return count


@compiled
def blur_down(plane: Numbers, weights: Numbers, out: Numbers) -> None:
    """Blur the columns of a plane, reflected at edges that are not repeated; written to ``out``."""
    last, width = len(plane) - 1, plane.shape[1]
    for y in range(len(plane)):
        weight = weights[0]
        for x in range(width):
            out[y, x] = weight * plane[y, x]
        # Two distances at a time, so that a sum is written half as often.
        for tap in range(1, len(weights), 2):
            near, far = weights[tap], weights[tap + 1]
            above, below = abs(y - tap), last - abs(last - y - tap)
            over, under = abs(y - tap - 1), last - abs(last - y - tap - 1)
            for x in range(width):
                out[y, x] += near * (plane[above, x] + plane[below, x])
                out[y, x] += far * (plane[over, x] + plane[under, x])


@compiled
def blur(view: Numbers, sigma: float, room: Workspace) -> None:
    """Blur a view with a Gaussian of ``sigma`` pixels, in place."""
    side = view.shape[-1]
    weights = room.bell[: kernel(sigma, room.reach, room.bell)]
    for channel in range(len(view)):  # by its number: Numba takes what it iterates for scattered
        plane = view[channel]
        for _ in range(2):
            blur_down(plane, weights, room.plane)
            turn(room.plane, 0, 1, side, side, plane)


# Whole views ---------------------------------------------------------------------------------------


@compiled
def change(
    crops: Numbers,
    choices: Choices,
    scale: Numbers,
    shift: Numbers,
    room: Workspace,
    out: Numbers,
) -> None:
    """Make views of crops and write them, normalised, to ``out``.

    Args:
        crops: float32 [n, c, s, s] in [0, 1] with their columns as rows, which are written to.
        choices: what happens to each.
        scale, shift: of each channel.
        out: float32 [n, c, s, s].
    """
    factors, order, grayscale, sigmas, solarise = choices
    side = out.shape[-1]
    for row in range(len(out)):
        view = crops[row]
        jitter(view, factors[row], order[row])
        if grayscale[row]:
            saturate(view, NOUGHT)
        if sigmas[row] > 0 and room.reach > 0:
            blur(view, sigmas[row], room)
        if solarise[row]:
            flat = view.reshape(-1)
            for place in range(len(flat)):
                flat[place] = flat[place] if flat[place] < BRIGHT else ONE - flat[place]
        for channel in range(len(view)):
            by, add, plane, into = scale[channel], shift[channel], room.plane, out[row, channel]
            turn(view[channel], 0, 1, side, side, plane)
            for y in range(side):
                for x in range(side):
                    into[y, x] = plane[y, x] * by + add
