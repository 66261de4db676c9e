"""Views of a batch of pictures: a plan of what happens to each, then its execution on their device.

The order is the papers': crop, flip, colour jitter, grayscale, blur, solarise, normalise. Neither
planning nor applying waits for the device.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from numpy.typing import NDArray
from torch import Tensor

from selftaught.keys import Keys
from selftaught.views.blur import blur_
from selftaught.views.colour import EMPTY, HUE, grayscale_, jitter_, scratch
from selftaught.views.lots import Lot, Spans, Work, arrange, back
from selftaught.views.plan import Plan, draw, words
from selftaught.views.presets import CLEAN, View
from selftaught.views.resample import resample, resample_one
from selftaught.views.solarise import solarise_

CACHE = 2**20
"""Bytes of views that a CPU core keeps at hand while it works on them."""

Finish = Callable[[Tensor, Tensor], None]


@dataclass(frozen=True)
class Group:
    """Neighbouring views of one size, which are made together.

    Attributes:
        start, stop: their places among all views.
        side: in pixels.
    """

    start: int
    stop: int
    side: int

    def __len__(self) -> int:
        return self.stop - self.start


class Views:
    """Turns pictures into views.

    Args:
        views: the law of each view; those of another size than ``size`` come last.
        size: side of the full views in pixels.
        channels: of the pictures.
        levels: the largest value of a pixel, such as 255.
        mean, std: of each channel of the data in [0, 1]; the views are normalised with them.
    """

    def __init__(
        self,
        views: tuple[View, ...],
        *,
        size: int,
        channels: int,
        levels: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> None:
        if not len(mean) == len(std) == channels:
            raise ValueError(
                f"{channels} channels need as many means and deviations, "
                f"not {len(mean)} and {len(std)}"
            )
        self.views = views
        self.size = size
        sides = [view.size or size for view in views]
        if sides != sorted(sides, reverse=True):
            raise ValueError(f"views go from the largest to the smallest, not {sides}")
        self.groups = [
            Group(start := sides.index(side), start + sides.count(side), side)
            for side in dict.fromkeys(sides)
        ]
        self.channels = channels
        self.levels = levels
        self.mean, self.std = mean, std
        spread = torch.tensor(std, dtype=torch.float64)
        self.scale = (1 / spread).float()[:, None, None]
        self.shift = (-torch.tensor(mean, dtype=torch.float64) / spread).float()[:, None, None]

    @classmethod
    def clean(
        cls,
        *,
        size: int,
        channels: int,
        levels: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> "Views":
        """The one view of evaluation: the centred square of the short side, nothing random."""
        return cls((CLEAN,), size=size, channels=channels, levels=levels, mean=mean, std=std)

    def plan(self, keys: Keys | None, sizes: Int64[Tensor, "n 2"]) -> Plan:
        """Draw what happens to each picture.

        Args:
            keys: the step's random choices, on the device of ``sizes``; the clean view needs none.
            sizes: height and width of each picture in pixels.
        """
        wanted = {
            (operation, place): count
            for place, view in enumerate(self.views)
            for operation, count in words(view).items()
        }
        if wanted and keys is None:
            raise ValueError("these views are random: plan needs keys")
        drawn = keys.uniforms(wanted) if keys and wanted else {}
        plans: list[tuple[Tensor, ...]] = [()] * len(self.views)
        # Views of one law are drawn together: a plan is many small operations, whatever its size.
        for law in dict.fromkeys(self.views):
            places = [place for place, view in enumerate(self.views) if view == law]
            own = {
                operation: torch.cat([drawn[operation, place] for place in places])
                for operation in words(law)
            }
            parts = draw(law, own, sizes.repeat(len(places), 1))
            for row, place in enumerate(places):
                rows = slice(row * len(sizes), (row + 1) * len(sizes))
                plans[place] = tuple(part[rows] for part in parts)
        return Plan(*(torch.stack(parts) for parts in zip(*plans, strict=True)))

    def crop(
        self, picture: Integer[Tensor, "c h w"], plan: Plan, row: int
    ) -> list[Float[Tensor, "c _ _"]]:
        """The cropped and flipped views of one picture, in [0, 1]: for a source that reads files.

        Args:
            picture: on the CPU, with values up to ``levels``.
            plan: of the batch that the picture belongs to, on the CPU.
            row: the picture's place in that batch.
        """
        boxes, flips = plan.boxes[:, row].tolist(), plan.flips[:, row].tolist()
        return [
            resample_one(picture, box, view.size or self.size, self.levels, mirrored)
            for view, box, mirrored in zip(self.views, boxes, flips, strict=True)
        ]

    @torch.no_grad()
    def apply(
        self,
        pictures: Integer[Tensor, "n c h w"] | list[Float[Tensor, "n c _ _"]],
        plan: Plan,
    ) -> list[Float[Tensor, "n c _ _"]]:
        """The normalised views of a batch, one tensor a view.

        Args:
            pictures: whole pictures with values up to ``levels``, or what ``crop`` made of them,
                stacked for each view.
            plan: on the device of the pictures.
        """
        made = (self._made(group, pictures, plan, self._normalise) for group in self.groups)
        return [view for views in made for view in views]

    def normalised(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Pictures in [0, 1] by the mean and deviation of the data, as ``apply`` gives them."""
        scale, shift = (part.to(pictures.device) for part in (self.scale, self.shift))
        return pictures * scale + shift

    @torch.no_grad()
    def sheet(
        self,
        pictures: Integer[Tensor, "n c h w"] | list[Float[Tensor, "n c _ _"]],
        plan: Plan,
    ) -> list[NDArray[np.uint8]]:
        """The views as people see them, one uint8 [n, s, s, c] a view, before they are normalised."""
        made = (self._made(group, pictures, plan, _copy) for group in self.groups)
        return [
            (view * 255).round().to(torch.uint8).movedim(1, -1).cpu().numpy()
            for views in made
            for view in views
        ]

    def _made(
        self, group: "Group", given: Tensor | list[Tensor], plan: Plan, finish: Finish
    ) -> Float[Tensor, "v n c s s"]:
        """A group's views of the batch.

        Args:
            group: of views.
            given: whole pictures, or what ``crop`` made of them.
            plan: of all views.
            finish: writes views in [0, 1] to where they are wanted.
        """
        n, side, device = len(plan), group.side, plan.boxes.device
        plan = plan.of(group.start, group.stop)
        given = given if isinstance(given, Tensor) else given[group.start : group.stop]
        most = max(1, CACHE // (4 * self.channels * side**2))
        work = arrange(plan, self.views[group.start : group.stop], most)
        shape = (len(group) * n, self.channels, side, side)
        views = torch.empty(shape, device=device)
        # Channels first in memory: each then is one run of numbers for every operation.
        wanted = views if work.order is None else _channels_first(shape, device)
        room = _channels_first((work.largest, *shape[1:]), device)
        planes = scratch(work.largest, side, device)
        # The caller's bfloat16 is for the network; products in it would coarsen the pictures.
        with torch.autocast(device.type, enabled=False):
            for lot in work.lots:
                part, own = room[: len(lot)], work.plan[lot.rows]
                self._crop(_picked(given, work, lot, n), own, part)
                _colour(part, own, work.blends[..., lot.rows], lot.spans, planes[:, : len(lot)])
                finish(part, wanted[lot.rows])
        if work.order is not None:
            back(wanted, work.order, out=views)
        return views.view(len(group), n, *shape[1:])

    def _normalise(self, views: Tensor, out: Tensor) -> None:
        scale = self.scale.to(out.device, non_blocking=True)
        shift = self.shift.to(out.device, non_blocking=True)
        torch.mul(views, scale, out=out).add_(shift)

    def _crop(self, given: Tensor, plan: Plan, out: Tensor) -> None:
        """Write the cropped and flipped views in [0, 1] to ``out`` [m, c, s, s]."""
        if given.is_floating_point():
            out.copy_(given)
        elif self.views == (CLEAN,) and given.shape[-2:] == (self.size, self.size):
            torch.mul(given, 1 / self.levels, out=out)
        else:
            integers = given.transpose(0, 1)
            whole = integers.to(torch.float32, memory_format=torch.contiguous_format)
            whole = whole.mul_(1 / self.levels).transpose(0, 1)
            resample(whole, plan.boxes[0], out.shape[-1], plan.flips[0], out=out)


def _channels_first(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Fresh [m, c, s, s] in whose memory the channels come first."""
    m, c, *side = shape
    return torch.empty(c, m, *side, device=device).transpose(0, 1)


def _copy(views: Tensor, out: Tensor) -> None:
    out.copy_(views)


def _picked(given: Tensor | list[Tensor], work: Work, lot: Lot, n: int) -> Tensor:
    """What the views of a lot are made of, of ``n`` whole pictures or of crops of each view."""
    first, last = lot.rows.start // n, (lot.rows.stop - 1) // n
    if first < last:  # all rows
        return given.repeat(last + 1, 1, 1, 1) if isinstance(given, Tensor) else torch.cat(given)
    own = given if isinstance(given, Tensor) else given[first]
    if work.order is not None:
        return own.index_select(0, work.order[lot.rows] - first * n)
    return own[lot.rows.start - first * n : lot.rows.stop - first * n]


def _colour(views: Tensor, plan: Plan, blends: Tensor, spans: Spans, planes: Tensor) -> None:
    """What follows the crop, in place on all views of a lot together."""
    hue = plan.factors[0, :, HUE] if spans.hue else None
    jitter_(views, blends, hue, planes, spans.blends)
    if (some := spans.grayscale) != EMPTY:
        grayscale_(views[some], plan.grayscale[0, some], planes[:, some])
    if (some := spans.blur) != EMPTY:
        blur_(views[some], plan.sigmas[0, some])
    if (some := spans.solarise) != EMPTY:
        solarise_(views[some], plan.solarise[0, some])
