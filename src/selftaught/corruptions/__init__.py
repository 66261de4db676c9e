"""The 15 common corruptions at five strengths, generated: pictures to what cameras make of them.

D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", 2019, https://arxiv.org/abs/1903.12261, sections 3 and B. Noise, blur, weather and digital
are one file each; ``strengths.py`` holds the published settings. All work on batches on their device, and
what is random comes from counters (``selftaught.keys``), so that every encoder sees the same pictures,
and a picture is corrupted in the same manner at every strength.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.corruptions import blur, digital, noise, weather
from selftaught.corruptions.draws import Draws
from selftaught.corruptions.strengths import STRENGTHS, settings, table
from selftaught.errors import Refusal, suggest
from selftaught.keys import Keys

KINS: dict[str, dict[str, Callable[..., Tensor]]] = {
    "noise": {
        "gaussian_noise": noise.gaussian_noise,
        "shot_noise": noise.shot_noise,
        "impulse_noise": noise.impulse_noise,
    },
    "blur": {
        "defocus_blur": blur.defocus_blur,
        "glass_blur": blur.glass_blur,
        "motion_blur": blur.motion_blur,
        "zoom_blur": blur.zoom_blur,
    },
    "weather": {"snow": weather.snow, "frost": weather.frost, "fog": weather.fog},
    "digital": {
        "brightness": digital.brightness,
        "contrast": digital.contrast,
        "elastic": digital.elastic,
        "pixelate": digital.pixelate,
        "jpeg": digital.jpeg,
    },
}

CORRUPTIONS = {name: function for kin in KINS.values() for name, function in kin.items()}
"""The fifteen, in the paper's order."""


def corrupt(
    pictures: Float[Tensor, "n c s s"], name: str, strength: int, keys: Keys
) -> Float[Tensor, "n c s s"]:
    """The pictures under one corruption, in [0, 1].

    Args:
        pictures: float32 in [0, 1], of any number of channels.
        name: one of ``CORRUPTIONS``.
        strength: 1 to 5; 0 leaves the pictures as they are.
        keys: the choices; a picture's position stands for it, so give its row in the data set.

    Raises:
        Refusal: there is no such corruption or strength.
    """
    return next(corrupt_each(pictures, name, [strength], keys))


def corrupt_each(
    pictures: Float[Tensor, "n c s s"], name: str, strengths: Sequence[int], keys: Keys
) -> Iterator[Float[Tensor, "n c s s"]]:
    """``corrupt`` at several strengths, in their order: what is random is drawn but once.

    Some hundred bytes are held for each value of a picture while it lasts, so give few pictures.
    """
    if name not in CORRUPTIONS:
        raise Refusal(f"There is no corruption '{name}'; {suggest(name, CORRUPTIONS)}")
    for strength in strengths:
        if strength not in range(STRENGTHS + 1):
            raise Refusal(
                f"There is no strength {strength}; corruptions have 0 (none) to {STRENGTHS}."
            )
    draws = Draws(keys)
    for strength in strengths:
        if strength == 0:
            yield pictures.clone()
        else:
            found = settings(name, strength, pictures.shape[-1])
            with torch.no_grad():
                made: Tensor = CORRUPTIONS[name](pictures, draws, **found)
            yield made


__all__ = ["CORRUPTIONS", "KINS", "STRENGTHS", "corrupt", "corrupt_each", "settings", "table"]
