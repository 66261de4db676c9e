"""Brightness, contrast, saturation, hue in a random order, and grayscale, as in torchvision.

Each picture has its own factors and its own order, and is clamped to [0, 1] after each operation.
The hue is by far the dearest, so it is done once for everyone: what comes before it in a picture's
order takes part in the three rounds before, what comes after in the three rounds after, and in the
other rounds the picture is multiplied by one.
"""

import itertools

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
ORDERS = torch.tensor(list(itertools.permutations(range(4))), dtype=torch.int64)
LUMA = (0.2989, 0.587, 0.114)
ROUNDS = 3


def luminance(pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
    """ITU-R 601 luma of RGB; the mean of the channels of anything else."""
    if pictures.shape[1] != 3:
        return pictures.mean(dim=1, keepdim=True)
    red, green, blue = pictures.chunk(3, dim=1)
    return red.mul(LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def grayscale(
    pictures: Float[Tensor, "n 3 h w"], chosen: Bool[Tensor, " n"]
) -> Float[Tensor, "n 3 h w"]:
    """The chosen pictures without colour, still in three channels."""
    grey = chosen[:, None, None, None].to(pictures.dtype)
    return torch.addcmul(luminance(pictures) * grey, pictures, 1 - grey)


def shift_hue(
    pictures: Float[Tensor, "n 3 h w"], shift: Float[Tensor, " n"]
) -> Float[Tensor, "n 3 h w"]:
    """Turn the hue of the HSV hexcone by ``shift``, in turns.

    A. R. Smith, "Color gamut transform pairs" (1978). With u = (channel - least) / range, the hue
    in sixths is ± (1 + u_g + u_b - u_r), with the sign of green - blue: the six sectors without a
    branch. Back, a channel is the least value plus the range times a trapezium of its distance on
    the circle from the hue opposite to its own.
    """
    red, green, blue = pictures.chunk(3, dim=1)
    least = torch.minimum(torch.minimum(red, green), blue)
    span = torch.maximum(torch.maximum(red, green), blue).sub_(least)
    hue = (green + blue).sub_(red).sub_(least).div_(span.clamp(min=1e-12)).add_(1)
    hue = hue.copysign_(green - blue).mul_(1 / 6).add_(shift[:, None, None, None])
    opposite = 1 / 2 - torch.arange(3, device=pictures.device).view(3, 1, 1) / 3
    distance = hue + opposite
    distance = distance.sub_(distance.round()).abs_().clamp_(1 / 6, 1 / 3)
    return torch.addcmul(least - span, distance, 6 * span)


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


def jitter(
    pictures: Float[Tensor, "n c h w"],
    blends: Float[Tensor, "r 3 n"],
    shift: Float[Tensor, " n"] | None,
) -> Float[Tensor, "n c h w"]:
    """Colour jitter of pictures in [0, 1].

    Args:
        blends: what ``rounds`` made of the factors and their order.
        shift: of each picture's hue in turns; None when there is no hue to shift, and then the
            order of the other operations is kept all the same.
    """
    for turn, blend in enumerate(blends):
        if turn == ROUNDS and shift is not None:
            pictures = shift_hue(pictures, shift)
        keep, mean, own = blend[..., None, None, None].unbind(0)
        grey = luminance(pictures)
        average = grey.mean(dim=(-2, -1), keepdim=True)
        # Two broadcast factors in one addcmul would leave a processor's vector units unused.
        target = grey.mul_(own).add_(average.mul_(mean))
        pictures = torch.addcmul(target, pictures, keep).clamp_(0, 1)
    return pictures
