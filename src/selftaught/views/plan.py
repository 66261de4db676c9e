"""What happens to each picture of a batch in each view: drawn before anything is done to a pixel."""

import itertools
from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int8, Int64
from torch import Tensor

from selftaught.views import crop
from selftaught.views.presets import View

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
ORDERS = torch.tensor(list(itertools.permutations(range(4))), dtype=torch.int64)
NEUTRAL = (1.0, 1.0, 1.0, 0.0)
"""Factors of brightness, contrast and saturation, and shift of the hue, that change nothing."""


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

    def of(self, start: int, stop: int) -> "Plan":
        """The plan of some of the views."""
        return Plan(*(getattr(self, f.name)[start:stop] for f in fields(self)))

    def split(self, size: int) -> "list[Plan]":
        """The plan of each ``size`` pictures, in memory of its own: it may go to another process."""
        parts = [getattr(self, f.name).split(size, dim=1) for f in fields(self)]
        return [Plan(*(part.clone() for part in own)) for own in zip(*parts, strict=True)]

    def flat(self) -> "Plan":
        """All views one after the other as if they were one."""
        return Plan(*(getattr(self, f.name).flatten(0, 1)[None] for f in fields(self)))

    def to(self, device: torch.device | str) -> "Plan":
        """The same plan on another device."""
        return Plan(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


def words(view: View) -> dict[str, int]:
    """How many uniform numbers each operation of a view takes for one picture."""
    words = {
        "crop": crop.WORDS if view.crop else 0,
        "flip": 1 if view.flip else 0,
        "jitter": 6 if jitters(view) else 0,
        "grayscale": 1 if view.grayscale else 0,
        "blur": 2 if view.blur else 0,
        "solarise": 1 if view.solarise else 0,
    }
    return {operation: count for operation, count in words.items() if count}


def jitters(view: View) -> bool:
    """Whether colours of the view are ever changed."""
    return view.jitter_probability > 0 and any(view.jitter)


def draw(view: View, drawn: dict[str, Tensor], sizes: Tensor) -> tuple[Tensor, ...]:
    """The fields of a plan for one view, in their order, from what was drawn for each operation."""
    n, device = len(sizes), sizes.device
    boxes = (
        crop.random_resized(drawn["crop"], sizes, view.crop, view.ratio)
        if view.crop
        else crop.central_square(sizes)
    )
    factors = torch.tensor(NEUTRAL).to(device, non_blocking=True).expand(n, -1)
    order = torch.arange(4, dtype=torch.int8, device=device).expand(n, -1)
    if jitters(view):
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
