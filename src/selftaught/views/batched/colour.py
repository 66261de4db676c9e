"""Brightness, contrast, saturation, hue in a random order, and grayscale, as in torchvision.

Each picture has its own factors and its own order, and is clamped to [0, 1] after each operation.
The hue is by far the dearest, so it is done once for everyone: what comes before it in a picture's
order takes part in the three rounds before, what comes after in the three rounds after, and in the
other rounds the picture is multiplied by one.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from selftaught.views.plan import CONTRAST, HUE, SATURATION

LUMA = (0.2989, 0.587, 0.114)
ROUNDS = 3
PLANES = 4
"""How many scratch pictures of one channel these operations write to."""


def scratch(n: int, size: int, device: torch.device) -> Float[Tensor, "p n 1 s s"]:
    """Memory for ``n`` pictures: fresh memory at each step costs more than the arithmetic."""
    return torch.empty(PLANES, n, 1, size, size, device=device)


def luminance(
    pictures: Float[Tensor, "n c h w"], out: Float[Tensor, "n 1 h w"]
) -> Float[Tensor, "n 1 h w"]:
    """ITU-R 601 luma of RGB, or the mean of the channels of anything else, written to ``out``."""
    if pictures.shape[1] != 3:
        return torch.mean(pictures, dim=1, keepdim=True, out=out)
    red, green, blue = pictures.chunk(3, dim=1)
    torch.mul(red, LUMA[0], out=out)
    return out.add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def grayscale_(
    pictures: Float[Tensor, "n 3 h w"],
    chosen: Bool[Tensor, " n"],
    planes: Float[Tensor, "p n 1 h w"],
) -> Float[Tensor, "n 3 h w"]:
    """Take the colour from the chosen pictures, in place; they still have three channels."""
    share = chosen[:, None, None, None].to(pictures.dtype)
    grey = luminance(pictures, planes[0]).mul_(share)
    return pictures.mul_(1 - share).add_(grey)


def shift_hue_(
    pictures: Float[Tensor, "n 3 h w"],
    shift: Float[Tensor, " n"],
    planes: Float[Tensor, "p n 1 h w"],
) -> Float[Tensor, "n 3 h w"]:
    """Turn the hue of the HSV hexcone by ``shift``, in turns, in place.

    A. R. Smith, "Color gamut transform pairs" (1978). With u = (channel - least) / span, the hue in
    sixths is ± (1 + u_g + u_b - u_r), with the sign of green - blue: the six sectors without a
    branch. Back, a channel is the least value plus the span times a trapezium of its distance on
    the circle from the hue opposite to its own.
    """
    red, green, blue = pictures.chunk(3, dim=1)
    least, span, hue, spare = planes
    torch.minimum(torch.minimum(red, green, out=least), blue, out=least)
    torch.maximum(torch.maximum(red, green, out=span), blue, out=span).sub_(least)
    torch.add(green, blue, out=hue).sub_(red).sub_(least)
    hue.div_(torch.clamp(span, min=1e-12, out=spare)).add_(1)
    hue.copysign_(torch.sub(green, blue, out=spare)).mul_(1 / 6).add_(shift[:, None, None, None])
    least.sub_(span)
    span.mul_(6)
    for channel, opposite in ((red, 1 / 2), (green, 1 / 6), (blue, -1 / 6)):
        torch.add(hue, opposite, out=channel)
        distance = channel.sub_(torch.round(channel, out=spare)).abs_()
        distance.clamp_(1 / 6, 1 / 3).mul_(span).add_(least)
    return pictures


def rounds(factors: Float[Tensor, "n 4"], order: Int[Tensor, "n 4"]) -> Float[Tensor, "r 3 n"]:
    """What each round of blending does to each picture: three rounds before the hue, three after.

    Args:
        factors: of brightness, contrast, saturation (1 leaves a picture as it is); then the hue's.
        order: the operations' numbers, first to last.

    Returns:
        for each round, the shares of the picture, of its mean luminance, of its luminance.
    """
    order = order.long()
    place = (order == HUE).int().argmax(dim=1, keepdim=True)
    turn = torch.arange(ROUNDS, device=order.device)
    operation = order.gather(1, turn + (turn >= place))
    keep = factors.gather(1, operation)
    before = turn < place
    keep = torch.cat([torch.where(before, keep, 1), torch.where(before, 1, keep)], dim=1)
    operation = operation.repeat(1, 2)
    rest = 1 - keep
    mean = torch.where(operation == CONTRAST, rest, 0)
    own = torch.where(operation == SATURATION, rest, 0)
    return torch.stack([keep, mean, own]).permute(2, 0, 1)


def jitter_(
    pictures: Float[Tensor, "n c h w"],
    blends: Float[Tensor, "r 3 n"],
    shift: Float[Tensor, " n"] | None,
    planes: Float[Tensor, "p n 1 h w"],
) -> Float[Tensor, "n c h w"]:
    """Colour jitter of pictures in [0, 1], in place.

    Args:
        blends: what ``rounds`` made of the factors and their order.
        shift: of each picture's hue in turns; None when there is no hue to shift, and then the
            order of the other operations is kept all the same.
        planes: from ``scratch``.
    """
    for turn, blend in enumerate(blends):
        if turn == ROUNDS and shift is not None:
            shift_hue_(pictures, shift, planes)
        keep, mean, own = blend[..., None, None, None].unbind(0)
        grey = luminance(pictures, planes[0])
        average = grey.mean(dim=(-2, -1), keepdim=True)
        target = grey.mul_(own).add_(average.mul_(mean))
        pictures.mul_(keep).add_(target).clamp_(0, 1)
    return pictures
