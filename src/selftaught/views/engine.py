"""Views of a batch of pictures: a plan of what happens to each, then its execution on their device.

The order is the papers': crop, flip, colour jitter, grayscale, blur, solarise, normalise. An accelerator
does each to the whole batch (``batched``), and neither planning nor applying waits for it; a CPU does all
to one view before it takes the next (``compiled``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from numpy.typing import NDArray
from torch import Tensor

from selftaught.keys import Keys
from selftaught.views.batched import apply as batched
from selftaught.views.plan import Plan, draw, words
from selftaught.views.presets import CLEAN, View


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
        self.scale = (1 / spread).float()
        self.shift = (-torch.tensor(mean, dtype=torch.float64) / spread).float()

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
            _compiled().crop(picture, box, view.size or self.size, self.levels, mirrored)
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
        return list(self._made(pictures, plan, self.scale, self.shift))

    def normalised(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Pictures in [0, 1] by the mean and deviation of the data, as ``apply`` gives them."""
        scale, shift = (
            part[:, None, None].to(pictures.device) for part in (self.scale, self.shift)
        )
        return pictures * scale + shift

    @torch.no_grad()
    def sheet(
        self,
        pictures: Integer[Tensor, "n c h w"] | list[Float[Tensor, "n c _ _"]],
        plan: Plan,
    ) -> list[NDArray[np.uint8]]:
        """The views as people see them, one uint8 [n, s, s, c] a view, before they are normalised."""
        as_they_are = torch.ones_like(self.scale), torch.zeros_like(self.shift)
        return [
            (view * 255).round().to(torch.uint8).movedim(1, -1).cpu().numpy()
            for view in self._made(pictures, plan, *as_they_are)
        ]

    def _made(
        self,
        given: Integer[Tensor, "n c h w"] | Sequence[Float[Tensor, "n c _ _"]],
        plan: Plan,
        scale: Float[Tensor, " c"],
        shift: Float[Tensor, " c"],
    ) -> Iterator[Float[Tensor, "n c _ _"]]:
        """The views of a batch, one after the other, by ``scale`` and ``shift``."""
        device = plan.boxes.device
        for group in self.groups:
            own, laws = plan.of(group.start, group.stop), self.views[group.start : group.stop]
            crops = given if isinstance(given, Tensor) else given[group.start : group.stop]
            how = (group.side, self.levels, scale, shift)
            if device.type == "cpu":
                yield from _compiled().apply(crops, own, *how)
                continue
            # The caller's bfloat16 is for the network; products in it would coarsen the pictures.
            with torch.autocast(device.type, enabled=False):
                made = batched.apply(crops, own, laws, *how)
            yield from made


def _compiled() -> ModuleType:
    """What makes views on a CPU; a machine that makes them elsewhere never loads its compiler."""
    from selftaught.views.compiled import apply

    return apply
