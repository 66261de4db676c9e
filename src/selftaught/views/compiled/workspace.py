"""Memory to make views in: fresh memory for each costs more than the arithmetic."""

import math
import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selftaught.views.batched.blur import radius

Numbers = NDArray[np.float32]


class Workspace(NamedTuple):
    """What the making of one view after the other writes to.

    Attributes:
        tall: [p, s, width * k], a box whose rows are resized.
        turned: [width, s], one channel of it with its columns as rows.
        firsts, weights: [s] and [s, pixels seen], for the taps of one side.
        crops: [n, c, s, s].
        plane: [s, s].
        reach: of a blur's kernel to either side, in pixels.
        bell: its centre and one half, with a nought where that half is odd.
    """

    tall: Numbers
    turned: Numbers
    firsts: NDArray[np.int64]
    weights: Numbers
    crops: Numbers
    plane: Numbers
    reach: int
    bell: Numbers


def workspace(rows: int, planes: int, channels: int, side: int, longest: int) -> Workspace:
    """Memory for ``rows`` views of boxes whose sides have up to ``longest`` pixels."""
    seen, reach = math.ceil(4 * max(longest / side, 1)), radius(side)

    def floats(*shape: int) -> Numbers:
        return np.empty(shape, np.float32)

    return Workspace(
        tall=floats(planes, side, longest * channels // planes),
        turned=floats(longest, side),
        firsts=np.empty(side, np.int64),
        weights=floats(side, min(seen, longest)),
        crops=floats(rows, channels, side, side),
        plane=floats(side, side),
        reach=reach,
        bell=floats(1 + reach + reach % 2),
    )


class Kept(threading.local):
    """Each thread's memory, for every kind of view as large as the largest box so far."""

    def __init__(self) -> None:
        self.rooms: dict[tuple[int, int, int, int], Workspace] = {}

    def of(self, rows: int, planes: int, channels: int, side: int, longest: int) -> Workspace:
        """Memory as ``workspace`` makes it, which the next call of this thread may be given too."""
        kind = (rows, planes, channels, side)
        room = self.rooms.get(kind)
        if room is None or len(room.turned) < longest:
            self.rooms[kind] = room = workspace(rows, planes, channels, side, longest)
        return room


KEPT = Kept()
