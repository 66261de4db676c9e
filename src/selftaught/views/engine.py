"""Views of a batch of pictures: a plan of what happens to each, then its execution on their device.

The order is the papers': crop, flip, colour jitter, grayscale, blur, solarise, normalise. Neither
planning nor applying waits for the device.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int8, Int64, Integer
from numpy.typing import NDArray
from torch import Tensor

from selftaught.keys import Keys
from selftaught.views import crop
from selftaught.views.blur import blur_
from selftaught.views.colour import HUE, ORDERS, grayscale_, jitter_, rounds, scratch
from selftaught.views.presets import CLEAN, View
from selftaught.views.resample import resample, resample_one
from selftaught.views.solarise import solarise_

CACHE = 2**20
"""Bytes of a view's pictures that a CPU core keeps at hand while it works on them."""

NEUTRAL = (1.0, 1.0, 1.0, 0.0)


@dataclass
class Plan:
    """What is going to happen to n pictures in v views.

    Attributes:
        boxes: top, left, height, width of each crop, in pixels of the picture.
        flips: which views are mirrored.
        factors: of brightness, contrast, saturation, and the shift of the hue in turns.
        order: the order of these four operations.
        grayscale, solarise: which views are.
        sigmas: width of the blur in pixels of the view; 0 for none.
    """

    boxes: Int64[Tensor, "v n 4"]
    flips: Bool[Tensor, "v n"]
    factors: Float[Tensor, "v n 4"]
    order: Int8[Tensor, "v n 4"]
    grayscale: Bool[Tensor, "v n"]
    sigmas: Float[Tensor, "v n"]
    solarise: Bool[Tensor, "v n"]

    def __len__(self) -> int:
        return self.boxes.shape[1]

    def __getitem__(self, rows: slice) -> "Plan":
        """The plan of some of the pictures."""
        return Plan(*(getattr(self, f.name)[:, rows] for f in fields(self)))

    def of(self, start: int, stop: int) -> "Plan":
        """The plan of some of the views."""
        return Plan(*(getattr(self, f.name)[start:stop] for f in fields(self)))

    def to(self, device: torch.device | str) -> "Plan":
        """The same plan on another device."""
        return Plan(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


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
            (operation, place): words
            for place, view in enumerate(self.views)
            for operation, words in _words(view).items()
        }
        if wanted and keys is None:
            raise ValueError("these views are random: plan needs keys")
        drawn = keys.uniforms(wanted) if keys and wanted else {}
        plans = []
        for place, view in enumerate(self.views):
            own = {operation: u for (operation, at), u in drawn.items() if at == place}
            plans.append(_plan(view, own, sizes))
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
        device = plan.boxes.device
        scale = self.scale.to(device, non_blocking=True)
        shift = self.shift.to(device, non_blocking=True)
        every: list[Tensor] = []
        for group in self.groups:
            shape = (len(group), len(plan), self.channels, group.side, group.side)
            views = torch.empty(shape, device=device)
            for rows, part in self._finished(group, pictures, plan):
                torch.mul(part, scale, out=views[:, rows]).add_(shift)
            every += list(views)
        return every

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
        every: list[NDArray[np.uint8]] = []
        for group in self.groups:
            shape = (len(group), len(plan), group.side, group.side, self.channels)
            sheet = torch.empty(shape, dtype=torch.uint8)
            for rows, part in self._finished(group, pictures, plan):
                sheet[:, rows] = (part * 255).round().to(torch.uint8).movedim(2, -1).cpu()
            every += list(sheet.numpy())
        return every

    def _finished(
        self, group: "Group", pictures: Tensor | list[Tensor], plan: Plan
    ) -> Iterator[tuple[slice, Tensor]]:
        """Slices of the batch and a group's views of them, [v, m, c, s, s] in [0, 1].

        A CPU works on as many pictures at a time as its cache holds, which halves the time;
        elsewhere the batch is one slice.
        """
        device, side = plan.boxes.device, group.side
        laws, plan = self.views[group.start : group.stop], plan.of(group.start, group.stop)
        if not isinstance(pictures, Tensor):
            pictures = pictures[group.start : group.stop]
        bytes_each = 4 * len(group) * self.channels * side**2
        step = max(1, CACHE // bytes_each) if device.type == "cpu" else len(plan)
        blends = rounds(plan.factors.flatten(0, 1), plan.order.flatten(0, 1))
        blends = blends.reshape(*blends.shape[:2], *plan.flips.shape)
        views = planes = torch.empty(0)
        for start in range(0, len(plan), step):
            rows = slice(start, start + step)
            part = plan[rows]
            if start == 0 or len(part) < step:
                shape = (self.channels, len(group), len(part), side, side)
                # Channels first in memory: each then is one run of numbers for every operation.
                views = torch.empty(shape, device=device).movedim(0, 2)
                planes = scratch(len(group) * len(part), side, device)
            # The caller's bfloat16 is for the network; products in it would coarsen the pictures.
            with torch.autocast(device.type, enabled=False):
                self._crop(pictures, part, rows, views)
                _colour(laws, views.flatten(0, 1), part, blends[..., rows].flatten(2), planes)
            yield rows, views

    def _crop(
        self, pictures: Tensor | list[Tensor], part: Plan, rows: slice, views: Tensor
    ) -> None:
        """Write the cropped and flipped views in [0, 1] to ``views`` [v, m, c, s, s]."""
        if not isinstance(pictures, Tensor):
            for view, given in zip(views, pictures, strict=True):
                view.copy_(given[rows])
        elif self.views == (CLEAN,) and pictures.shape[-2:] == (self.size, self.size):
            torch.mul(pictures[rows], 1 / self.levels, out=views[0])
        else:
            integers = pictures[rows].transpose(0, 1)
            whole = integers.to(torch.float32, memory_format=torch.contiguous_format)
            whole = whole.mul_(1 / self.levels).transpose(0, 1)
            for view, boxes, flips in zip(views, part.boxes, part.flips, strict=True):
                resample(whole, boxes, views.shape[-1], flips, out=view)


def _colour(
    laws: tuple[View, ...], views: Tensor, part: Plan, blends: Tensor, planes: Tensor
) -> None:
    """What follows the crop, in place on all views together; what none needs is left out."""
    if any(_jitters(law) for law in laws):
        shifts = any(law.jitter[HUE] for law in laws)
        hue = part.factors[..., HUE].flatten() if shifts else None
        jitter_(views, blends, hue, planes)
    if any(law.grayscale for law in laws):
        grayscale_(views, part.grayscale.flatten(), planes)
    if any(law.blur for law in laws):
        blur_(views, part.sigmas.flatten())
    if any(law.solarise for law in laws):
        solarise_(views, part.solarise.flatten())


def _words(view: View) -> dict[str, int]:
    """How many uniform numbers each operation of a view takes for one picture."""
    words = {
        "crop": crop.WORDS if view.crop else 0,
        "flip": 1 if view.flip else 0,
        "jitter": 6 if _jitters(view) else 0,
        "grayscale": 1 if view.grayscale else 0,
        "blur": 2 if view.blur else 0,
        "solarise": 1 if view.solarise else 0,
    }
    return {operation: count for operation, count in words.items() if count}


def _jitters(view: View) -> bool:
    return view.jitter_probability > 0 and any(view.jitter)


def _plan(view: View, drawn: dict[str, Tensor], sizes: Tensor) -> tuple[Tensor, ...]:
    """The fields of a plan for one view, in their order."""
    n, device = len(sizes), sizes.device
    boxes = (
        crop.random_resized(drawn["crop"], sizes, view.crop, view.ratio)
        if view.crop
        else crop.central_square(sizes)
    )
    factors = torch.tensor(NEUTRAL).to(device, non_blocking=True).expand(n, -1)
    order = torch.arange(4, dtype=torch.int8, device=device).expand(n, -1)
    if _jitters(view):
        u = drawn["jitter"]
        strength = torch.tensor(view.jitter)
        neutral = torch.tensor(NEUTRAL)
        least = neutral - strength
        least[:HUE].clamp_(min=0)
        bounds = torch.stack([least, neutral + strength - least])
        low, width = bounds.to(device, non_blocking=True)
        factors = torch.where(u[:, :1] < view.jitter_probability, low + width * u[:, 2:], factors)
        orders = ORDERS.to(device, non_blocking=True)
        order = orders[(u[:, 1] * len(ORDERS)).long()].to(torch.int8)
    sigmas = torch.zeros(n, device=device)
    if view.blur:
        u = drawn["blur"]
        sigma = view.sigma[0] + (view.sigma[1] - view.sigma[0]) * u[:, 1]
        sigmas = torch.where(u[:, 0] < view.blur, sigma, sigmas)
    never = torch.zeros(n, dtype=torch.bool, device=device)
    return (
        boxes,
        drawn["flip"][:, 0] < view.flip if view.flip else never,
        factors,
        order,
        drawn["grayscale"][:, 0] < view.grayscale if view.grayscale else never,
        sigmas,
        drawn["solarise"][:, 0] < view.solarise if view.solarise else never,
    )
