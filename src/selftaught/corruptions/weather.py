"""Weather: snow, frost and fog."""

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.corruptions.blur import enlarged, motion
from selftaught.corruptions.draws import Draws
from selftaught.corruptions.textures import ice, plasma

LUMA = (0.299, 0.587, 0.114)


def grey(pictures: Float[Tensor, "n c s s"]) -> Float[Tensor, "n 1 s s"]:
    """ITU-R 601 luma of RGB, the mean of the channels of anything else."""
    if pictures.shape[1] != 3:
        return pictures.mean(1, keepdim=True)
    weights = torch.tensor(LUMA, device=pictures.device)[:, None, None]
    return (pictures * weights).sum(1, keepdim=True)


def snow(
    pictures: Float[Tensor, "n c s s"],
    draws: Draws,
    *,
    mean: float,
    spread: float,
    flake: float,
    threshold: float,
    radius: float,
    sigma: float,
    keep: float,
) -> Float[Tensor, "n c s s"]:
    """Flakes that fall, in front of a picture that turns white.

    Args:
        mean, spread: of normal noise, from which the flakes are made.
        flake: their size in pixels: the noise is enlarged by it (1 or more).
        threshold: noise below it is no flake.
        radius, sigma: of the flakes' fall, a motion blur within 45 degrees of the columns.
        keep: the picture's own share; the rest is what is lighter, it or 1.5 * its grey + 0.5.
    """
    layer = mean + spread * draws.normals("snow", 1, pictures.shape[-1])
    layer = enlarged(layer, max(flake, 1.0))
    layer = torch.where(layer < threshold, 0.0, layer).clamp_(0, 1)
    degrees = draws.uniform("snow fall", 1)[:, 0] * 90 - 135
    layer = motion(layer, degrees.deg2rad(), radius=radius, sigma=sigma)
    white = torch.maximum(pictures, grey(pictures) * 1.5 + 0.5)
    turned = layer.flip(-1, -2)
    return (keep * pictures + (1 - keep) * white + layer + turned).clamp_(0, 1)


def frost(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, keep: float, amount: float
) -> Float[Tensor, "n c s s"]:
    """Ice on the window: ``keep`` of the picture and ``amount`` of a picture of ice crystals.

    Published code takes the ice from photographs. Here it is drawn (``textures.ice``), another for
    each picture, so numbers under frost are not those of CIFAR-10-C and ImageNet-C.
    """
    channels, side = pictures.shape[1:3]
    crystals = draws.once(("ice", channels, side), lambda: ice(draws, channels, side))
    return (keep * pictures + amount * crystals).clamp_(0, 1)


def fog(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, amount: float, decay: float
) -> Float[Tensor, "n c s s"]:
    """Fog: clouds of light are added, and the lightest value of a picture is kept.

    Args:
        amount: of fog where it is thickest; values are in [0, 1].
        decay: how fast its details fade, see ``textures.plasma``.
    """
    brightest = pictures.amax((1, 2, 3), keepdim=True)
    clouds = plasma(draws, "fog", pictures.shape[-1], decay)[:, None]
    return ((pictures + amount * clouds) * brightest / (brightest + amount)).clamp_(0, 1)
