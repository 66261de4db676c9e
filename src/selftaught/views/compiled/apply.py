"""The views of a batch, and the crops of one picture, each made from first to last before the next."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy.typing import NDArray
from torch import Tensor

from selftaught.views.compiled.kernels import change, resample
from selftaught.views.compiled.workspace import KEPT
from selftaught.views.plan import Plan

CHOICES = ("factors", "order", "grayscale", "sigmas", "solarise")
CACHE = 2**20
"""Bytes of views that a core keeps at hand while it works on them."""

LEAST = 16
"""Views that are worth a thread."""


def apply(
    given: Integer[Tensor, "n c h w"] | Sequence[Float[Tensor, "n c s s"]],
    plan: Plan,
    side: int,
    levels: int,
    scale: Float[Tensor, " c"],
    shift: Float[Tensor, " c"],
) -> Float[Tensor, "v n c s s"]:
    """The views of a batch, each channel then multiplied by ``scale`` and moved by ``shift``.

    Args:
        given: whole pictures with values up to ``levels``, or crops in [0, 1] for each view.
        plan: of these views, on the CPU.
        side: of the views, in pixels.
    """
    v, n, c = plan.boxes.shape[0], len(plan), len(scale)
    views = torch.empty(v, n, c, side, side)
    source = as_planes(given) if isinstance(given, Tensor) else None
    planes = c if source is None else source.shape[1]
    longest = 1 if source is None or not n else int(plan.boxes[..., 2:].max())
    line, most = (scale.numpy(), shift.numpy()), max(1, CACHE // (4 * c * side**2))

    def make(view: int, rows: range) -> None:
        room = KEPT.of(most, planes, c, side, longest)
        for start in range(rows.start, rows.stop, most):
            lot = slice(start, min(start + most, rows.stop))
            own = {name: part[view, lot].contiguous().numpy() for name, part in vars(plan).items()}
            choices = tuple(own[name] for name in CHOICES)
            out, crops = views[view, lot].numpy(), room.crops[: lot.stop - lot.start]
            if source is None:
                crops[:] = given[view][lot].mT.numpy()
            else:
                boxes, flips = own["boxes"], own["flips"]
                resample(source[lot], boxes, flips, np.float32(levels), room, crops)
            change(crops, choices, *line, room, out)

    threads = max(1, min(torch.get_num_threads(), v * n // LEAST))
    parts = -(-threads // v)
    shares = [
        (view, range(n * part // parts, n * (part + 1) // parts))
        for view in range(v)
        for part in range(parts)
    ]
    if threads == 1:
        for share in shares:
            make(*share)
    else:
        pool = _pool(torch.get_num_threads())
        for made in [pool.submit(make, *share) for share in shares]:
            made.result()
    return views


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay, and with them the memory that each keeps."""
    return ThreadPoolExecutor(threads, thread_name_prefix="views")


if hasattr(os, "register_at_fork"):  # a forked process has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def crop(
    picture: Integer[Tensor, "c h w"], box: list[int], side: int, levels: int, mirrored: bool
) -> Float[Tensor, "c s s"]:
    """What a box (top, left, height, width in pixels) of one picture holds, in [0, 1].

    Its columns lie in memory as rows, as ``resample`` writes them and ``change`` reads them.
    """
    c, source = len(picture), as_planes(picture[None])
    columns = torch.empty(1, c, side, side)
    room = KEPT.of(1, source.shape[1], c, side, max(box[2:]))
    where = np.array([box]), np.array([mirrored])
    resample(source, *where, np.float32(levels), room, columns.numpy())
    return columns[0].mT


def as_planes(pictures: Integer[Tensor, "n c h w"]) -> NDArray[np.generic]:
    """The same numbers as [n, p, h, w * k], in the order of their memory.

    Channels that lie last are one plane, k of them side by side; otherwise each is a plane.
    """
    n, c, h, w = pictures.shape
    last = pictures.permute(0, 2, 3, 1)
    if c > 1 and last.is_contiguous():
        return np.asarray(last.reshape(n, 1, h, w * c).numpy())
    return np.asarray(pictures.contiguous().numpy())
