"""Clouds and ice, drawn."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.corruptions.draws import Draws

CRYSTALS = 24
"""Ice crystals a picture."""

RIDGES = (7, 29)
"""Ridges of a middling crystal along the picture's side: coarse ones, and fine ones across them."""

BEND = 0.12
"""How far lines are bent, as a share of the side."""

SEAMS = 50
"""A seam fades within 1 / 50 of the side."""

DECAY = 1.6
"""Of the fractal that says where the ice is thick."""

TINT = (0.76, 0.88, 1.0)
"""Red, green and blue of thin ice; where it is thick it is white."""


def plasma(draws: Draws, operation: str, side: int, decay: float) -> Float[Tensor, "n s s"]:
    """Clouds in [0, 1]: a plasma fractal, by diamonds and squares on a torus.

    A. Fournier, D. Fussell and L. Carpenter, "Computer rendering of stochastic models" (1982). A map
    whose side is a power of two starts from nothing; in turns, the middle of each square of known
    points and then the middle of each diamond become the mean of their four corners plus a uniform
    number, whose range falls from one turn to the next by ``decay`` ** 2. (Squared, because published
    code multiplies by its range twice: so its settings mean the same here.)
    """
    size = 1 << math.ceil(math.log2(side))
    n, device = len(draws), draws.device
    drawn = 2 * draws.uniforms(operation, 1, size)[:, 0] - 1
    clouds = torch.zeros(n, size, size, device=device)
    step, span = size, 1.0
    while step >= 2:
        half = step // 2
        known, corner = slice(0, None, step), slice(half, None, step)
        corners = clouds[:, known, known]
        total = corners + corners.roll(-1, 1)
        total = total + total.roll(-1, 2)
        clouds[:, corner, corner] = total / 4 + span * drawn[:, corner, corner]
        middles = clouds[:, corner, corner]
        above = middles + middles.roll(1, 1) + corners + corners.roll(-1, 2)
        clouds[:, known, corner] = above / 4 + span * drawn[:, known, corner]
        beside = middles + middles.roll(1, 2) + corners + corners.roll(-1, 1)
        clouds[:, corner, known] = beside / 4 + span * drawn[:, corner, known]
        step, span = half, span / decay**2
    clouds -= clouds.amin((1, 2), keepdim=True)
    clouds /= clouds.amax((1, 2), keepdim=True)
    return clouds[:, :side, :side]


def ice(draws: Draws, channels: int, side: int) -> Float[Tensor, "n c s s"]:
    """Ice crystals on a window, in [0, 1], in lengths of the picture's side.

    ``CRYSTALS`` points are thrown on the square; what is nearest to a point is its crystal (a Voronoi
    cell). A crystal has bright seams where it meets another, and feathers: parallel ridges in a
    direction and of a width of its own. Both are thick where a plasma fractal is high and let the
    picture through where it is low.
    """
    device = draws.device
    x, y, turn, width = draws.uniform("frost", 4 * CRYSTALS).view(-1, 4, CRYSTALS, 1).unbind(1)
    direction = math.pi * turn
    clouds = [plasma(draws, f"frost {use}", side, DECAY).flatten(1) for use in ("across", "down")]
    line = (torch.arange(side, device=device) + 0.5) / side
    rows, columns = (axis.flatten() for axis in torch.meshgrid(line, line, indexing="ij"))
    columns, rows = columns + BEND * clouds[0], rows + BEND * clouds[1]
    nearest = torch.full_like(rows, torch.inf)
    second, along = nearest.clone(), torch.zeros_like(nearest)
    for k in range(CRYSTALS):
        right, down = columns - x[:, k], rows - y[:, k]
        distance = (right.square() + down.square()).sqrt_()
        own = (right * direction[:, k].cos() + down * direction[:, k].sin()) * (0.5 + width[:, k])
        along = torch.where(distance < nearest, own, along)
        second = torch.minimum(second, torch.maximum(distance, nearest))
        nearest = torch.minimum(nearest, distance)
    coarse, fine = ((2 * math.pi * ridges * along).cos() for ridges in RIDGES)
    seams = (-(second - nearest) * SEAMS).exp()
    thick = plasma(draws, "frost", side, DECAY).flatten(1)
    thick = (thick * (0.6 + 0.2 * coarse + 0.15 * fine) + 0.5 * seams * (0.3 + thick)).clamp_(0, 1)
    tint = torch.tensor(TINT if channels == 3 else (1.0,) * channels, device=device)[:, None]
    coloured = thick[:, None] * (tint + (1 - tint) * thick[:, None])
    return coloured.view(-1, channels, side, side)
