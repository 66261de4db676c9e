"""Lots: the views that are made at one go, and which of them each operation has to touch.

An operation leaves a view as it is by its own numbers (a factor of one, a width of nought), so whatever
span of a lot holds the views that need it gives the same pictures. On an accelerator nobody may look at the
numbers, since that would wait for it: the lot is the batch, and a span is all of it. A CPU sorts each view's
pictures by what is done to them, cuts lots that its cache holds, and lets each operation run from the
first view that needs it to the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from selftaught.views.colour import BRIGHTNESS, EMPTY, HUE, ROUNDS, rounds
from selftaught.views.plan import Plan, jitters
from selftaught.views.presets import View


@dataclass(frozen=True)
class Spans:
    """The rows of a lot that each operation touches.

    Attributes:
        blends: for each round those that it changes, and those for which it needs the luminance.
        hue: whether hues are shifted at all.
        grayscale, blur, solarise: the rows that have it.
    """

    blends: Sequence[tuple[slice, slice]]
    hue: bool
    grayscale: slice
    blur: slice
    solarise: slice


@dataclass(frozen=True)
class Lot:
    """Rows that follow one another, and what is to be touched of them, counted from the first."""

    rows: slice
    spans: Spans

    def __len__(self) -> int:
        length: int = self.rows.stop - self.rows.start
        return length


@dataclass(frozen=True)
class Work:
    """The views of a batch in the order in which they are made.

    Attributes:
        plan: of all rows, as if they were one view.
        blends: of all rows, from ``colour.rounds``.
        lots: of them.
        order: the place of each row among all views, one view after the other; None is that order.
    """

    plan: Plan
    blends: Float[Tensor, "r 3 m"]
    lots: Sequence[Lot]
    order: Int64[Tensor, " m"] | None = None

    @property
    def largest(self) -> int:
        """Rows of the largest lot."""
        return max(map(len, self.lots), default=0)


def arrange(plan: Plan, laws: Sequence[View], most: int) -> Work:
    """How the views of a batch are made where its plan is.

    Args:
        plan: of these views.
        laws: of each view.
        most: rows of a lot on a CPU.
    """
    if plan.boxes.device.type == "cpu":
        return in_lots(plan, laws, most)
    return at_once(plan, laws)


def at_once(plan: Plan, laws: Sequence[View]) -> Work:
    """All rows as one lot, of which each operation that occurs touches all; nothing is waited for."""
    flat = plan.flat()
    everyone = slice(0, len(flat))
    jitter, *others = (everyone if each else EMPTY for each in _occurring(laws))
    spans = Spans([(jitter, jitter)] * 2 * ROUNDS, _hue(laws), *others)
    return Work(flat, _blends(flat), [Lot(everyone, spans)])


def in_lots(plan: Plan, laws: Sequence[View], most: int) -> Work:
    """Lots of at most ``most`` rows that have much the same to do, for a plan that can be read."""
    n, order = len(plan), None
    if most > 1 and any(_occurring(laws)):
        order = (alike(plan) + n * torch.arange(len(laws))[:, None]).flatten()
    flat = plan.flat(order)
    blends = _blends(flat)
    return Work(flat, blends, cut(flat, blends, laws, n, most) if n else [], order)


def back(
    views: Float[Tensor, "m c s s"], order: Int64[Tensor, " m"], out: Float[Tensor, "m c s s"]
) -> None:
    """Write views that lie in ``order``, channels first in memory, to where they belong."""
    m, c, side, _ = views.shape
    place = torch.empty_like(order).scatter_(0, order, torch.arange(m))
    rows = (place[:, None] + m * torch.arange(c)).flatten()
    # Runs of whole channels are copied four times as fast from anywhere as to anywhere.
    channels = views.transpose(0, 1).reshape(m * c, side**2)
    torch.index_select(channels, 0, rows, out=out.view(m * c, side**2))


def alike(plan: Plan) -> Int64[Tensor, "v n"]:
    """Each view's pictures sorted so that neighbours have the same to do: the dearest operation comes first."""
    hue = (plan.order == HUE).int().argmax(dim=-1)
    brightness = (plan.order == BRIGHTNESS).int().argmax(dim=-1)
    changed = (plan.factors[..., :HUE] != 1).any(dim=-1)
    # By falling places of the hue: rounds before it concern the first rows, rounds after it the last.
    key = torch.where(changed, 4 * hue + 4, 0) + brightness
    key += 32 * plan.grayscale + 64 * (plan.sigmas > 0) + 128 * plan.solarise
    return key.argsort(dim=-1, descending=True, stable=True)


def cut(
    plan: Plan, blends: Float[Tensor, "r 3 m"], laws: Sequence[View], n: int, most: int
) -> list[Lot]:
    """Lots of at most ``most`` rows, each of one view.

    Args:
        plan: of all rows, in memory that can be read without waiting.
        blends: of all rows.
        laws: of each view.
        n: rows of a view.
        most: rows of a lot.
    """
    keep, mean, own = blends.unbind(1)
    others = torch.cat([plan.grayscale, plan.sigmas > 0, plan.solarise])
    firsts, lasts, bounds = _ends(torch.cat([keep != 1, (mean != 0) | (own != 0), others]), n, most)
    lots = []
    for (start, stop), first, last in zip(pairwise(bounds), firsts, lasts, strict=True):
        spans = [
            slice(a - start, b + 1 - start) if a <= b else EMPTY
            for a, b in zip(first, last, strict=True)
        ]
        changed, coloured, rest = spans[: len(keep)], spans[len(keep) : -3], spans[-3:]
        blended = list(zip(changed, coloured, strict=True))
        lots.append(Lot(slice(start, stop), Spans(blended, _hue(laws), *rest)))
    return lots


def _ends(
    busy: Bool[Tensor, "k m"], n: int, most: int
) -> tuple[list[list[int]], list[list[int]], list[int]]:
    """The first and the last busy row of each kind for each lot, and the rows between which lots lie."""
    pieces = -(-n // most)
    total = busy.shape[1]
    bounds = [view + n * piece // pieces for view in range(0, total, n) for piece in range(pieces)]
    place, found = np.arange(total), busy.numpy()
    firsts = np.minimum.reduceat(np.where(found, place, total), bounds, axis=1)
    lasts = np.maximum.reduceat(np.where(found, place, -1), bounds, axis=1)
    return firsts.T.tolist(), lasts.T.tolist(), [*bounds, total]


def _blends(plan: Plan) -> Float[Tensor, "r 3 m"]:
    return rounds(plan.factors[0], plan.order[0])


def _occurring(laws: Sequence[View]) -> list[bool]:
    """Whether there are jitter, grayscale, blur and solarisation."""
    return [
        any(map(jitters, laws)),
        any(law.grayscale > 0 for law in laws),
        any(law.blur > 0 for law in laws),
        any(law.solarise > 0 for law in laws),
    ]


def _hue(laws: Sequence[View]) -> bool:
    return any(jitters(law) and law.jitter[HUE] for law in laws)
