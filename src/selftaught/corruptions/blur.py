"""Blur: defocus, frosted glass, motion and zoom."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.corruptions.draws import Draws
from selftaught.corruptions.linear_maps import gaussian, on_both_sides


def disc(radius: float, soften: float, device: torch.device) -> Float[Tensor, "k k"]:
    """What a point becomes out of focus: a disc, its edge softened by a Gaussian; the sum is one.

    Args:
        radius: in pixels.
        soften: the Gaussian's deviation in pixels; it reaches 1 pixel, or 2 beyond a radius of 8.
    """
    reach = 1 if radius <= 8 else 2
    line = torch.arange(-math.floor(radius), math.floor(radius) + 1, dtype=torch.float64)
    flat = (line[:, None].square() + line.square() <= radius**2).to(torch.float64)
    tap = (torch.arange(-reach, reach + 1, dtype=torch.float64) / soften).square().div(-2).exp()
    soft = F.conv2d(flat[None, None], (tap[:, None] * tap)[None, None], padding=2 * reach)[0, 0]
    return (soft / soft.sum()).to(device, torch.float32)


def defocus_blur(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, radius: float, soften: float
) -> Float[Tensor, "n c s s"]:
    """The picture convolved with ``disc``, reflected at its edges; nothing is drawn."""
    kernel = disc(radius, soften, pictures.device)
    reach = len(kernel) // 2
    padded = F.pad(pictures, (reach,) * 4, mode="reflect").flatten(0, 1)[:, None]
    return F.conv2d(padded, kernel[None, None])[:, 0].view_as(pictures).clamp_(0, 1)


def glass_blur(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, sigma: float, reach: float, times: float
) -> Float[Tensor, "n c s s"]:
    """Frosted glass: blur, exchange each pixel with a near one, blur again.

    Args:
        sigma: of the blur, in pixels.
        reach: how far a pixel goes each way (rounded to whole pixels, 1 or more).
        times: how often all are exchanged.

    Published code goes through the pixels row by row. Here those that are too far apart to touch
    each other's neighbourhood are exchanged together, which is a different order of the same.
    """
    side, near = pictures.shape[-1], max(1, round(reach))
    blur = gaussian(side, sigma, truncate=4, mirrored=False, device=pictures.device)
    place = torch.arange(side * side, device=pictures.device).repeat(len(pictures), 1)
    for turn in range(int(times)):
        drawn = draws.uniform("glass_blur", 2 * side**2, view=turn)
        step = (drawn * (2 * near)).to(torch.int64) - near
        _exchange(place, step.view(-1, 2, side, side), near)
    shuffled = on_both_sides(blur, pictures).flatten(2)
    shuffled = shuffled.gather(2, place[:, None].expand_as(shuffled)).view_as(pictures)
    return on_both_sides(blur, shuffled).clamp_(0, 1)


def _exchange(place: Int64[Tensor, "n p"], step: Int64[Tensor, "n 2 s s"], near: int) -> None:
    """Exchange every entry of ``place`` (a map of side s, row by row) with the one a step away.

    A step is from -near to near - 1, so pixels 2 * near apart never meet: each such lattice is one
    exchange.
    """
    side = step.shape[-1]
    inner = torch.arange(near, side - near + 1, device=place.device)
    for top in range(2 * near):
        for left in range(2 * near):
            rows, columns = inner[top :: 2 * near, None], inner[None, left :: 2 * near]
            own = (rows * side + columns).flatten().expand(len(place), -1)
            move = step[:, 0, rows, columns] * side + step[:, 1, rows, columns]
            other = own + move.flatten(1)
            mine, theirs = place.gather(1, own), place.gather(1, other)
            place.scatter_(1, own, theirs).scatter_(1, other, mine)


def motion(
    pictures: Float[Tensor, "n c s s"],
    angle: Float[Tensor, " n"],
    *,
    radius: float,
    sigma: float,
) -> Float[Tensor, "n c s s"]:
    """Each pixel averaged with those that lie in one direction, as by a camera that moves.

    Args:
        angle: the direction of each picture, in radians from the rows.
        radius: 2 * radius + 1 pixels are averaged.
        sigma: of the half Gaussian that weighs them, in pixels.

    Pixels beyond the edge are those of the edge. This is ImageMagick's motion blur, which the
    published code calls.
    """
    n, c, side = pictures.shape[:3]
    device = pictures.device
    far = torch.arange(2 * math.ceil(radius) + 1, device=device)
    weights = (far / sigma).square().div(-2).softmax(0)
    across = (angle.cos()[:, None] * far - 0.5).ceil().to(torch.int64)
    down = (angle.sin()[:, None] * far - 0.5).ceil().to(torch.int64)
    line = torch.arange(side, device=device)
    flat, out = pictures.flatten(2), torch.zeros(n, c, side * side, device=device)
    for weight, x, y in zip(weights, across.T, down.T, strict=True):
        rows = (line + y[:, None]).clamp_(0, side - 1)
        columns = (line + x[:, None]).clamp_(0, side - 1)
        place = (rows[:, :, None] * side + columns[:, None, :]).flatten(1)
        out.addcmul_(flat.gather(2, place[:, None].expand(-1, c, -1)), weight)
    return out.view_as(pictures)


def motion_blur(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, radius: float, sigma: float
) -> Float[Tensor, "n c s s"]:
    """The camera moves, within 45 degrees of the rows."""
    degrees = draws.uniform("motion_blur", 1)[:, 0] * 90 - 45
    return motion(pictures, degrees.deg2rad(), radius=radius, sigma=sigma).clamp_(0, 1)


def enlarged(pictures: Float[Tensor, "n c s s"], factor: float) -> Float[Tensor, "n c s s"]:
    """The pictures enlarged by ``factor`` (1 or more) about their centres, linearly interpolated."""
    side = pictures.shape[-1]
    middle = (side - 1) / 2
    place = (torch.arange(side, device=pictures.device) - middle) / factor + middle
    first = place.floor().to(torch.int64).clamp_(0, max(side - 2, 0))
    share = place - first
    for dim in (-1, -2):
        low = pictures.index_select(dim, first)
        high = pictures.index_select(dim, (first + 1).clamp_(max=side - 1))
        pictures = torch.lerp(low, high, share if dim == -1 else share[:, None])
    return pictures


def zoom_blur(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, furthest: float, step: float
) -> Float[Tensor, "n c s s"]:
    """The camera comes nearer: the mean of the picture and of its enlargements 1, 1 + step, ...

    Nothing is drawn. Published code enlarges a crop of whole pixels; here the factor is exact, so
    that in small pictures each of them counts.
    """
    count = round((furthest - 1) / step) + 1
    total = pictures.clone()
    for i in range(count):
        total += enlarged(pictures, 1 + i * step)
    return total.div_(count + 1).clamp_(0, 1)
