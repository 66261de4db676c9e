"""How strong each corruption is at strengths 1 to 5: the published settings, as two tables.

``SMALL`` holds those of CIFAR-10-C, made for pictures of 32 pixels; ``NATURAL`` those of ImageNet-C,
made for 224 pixels (Hendrycks and Dietterich, 2019, https://arxiv.org/abs/1903.12261; the numbers are in
https://github.com/hendrycks/robustness, ``create_c``). What is a length in pixels is multiplied by
side / 32 or side / 224, so that a corruption covers the same share of a picture of another size.
"""

from collections.abc import Sequence
from typing import Any

Settings = dict[str, float]
"""Keyword arguments of one corruption at one strength."""

LENGTHS = ("radius", "sigma", "reach", "flake", "shift", "width", "jitter")
"""Settings that are lengths in pixels."""

STRENGTHS = 5
BORDER = 96
"""Side in pixels from which the table for natural pictures holds."""


def _five(**settings: Sequence[int | float]) -> tuple[Settings, ...]:
    """Columns of settings to one dictionary a strength."""
    rows = zip(*(map(float, column) for column in settings.values()), strict=True)
    return tuple(dict(zip(settings, row, strict=True)) for row in rows)


SMALL: dict[str, tuple[Settings, ...]] = {
    "gaussian_noise": _five(deviation=(0.04, 0.06, 0.08, 0.09, 0.10)),
    "shot_noise": _five(photons=(500, 250, 100, 75, 50)),
    "impulse_noise": _five(amount=(0.01, 0.02, 0.03, 0.05, 0.07)),
    "defocus_blur": _five(radius=(0.3, 0.4, 0.5, 1, 1.5), soften=(0.4, 0.5, 0.6, 0.2, 0.1)),
    "glass_blur": _five(
        sigma=(0.05, 0.25, 0.4, 0.25, 0.4), reach=(1, 1, 1, 1, 1), times=(1, 1, 1, 2, 2)
    ),
    "motion_blur": _five(radius=(6, 6, 6, 8, 9), sigma=(1, 1.5, 2, 2, 2.5)),
    "zoom_blur": _five(furthest=(1.06, 1.11, 1.15, 1.20, 1.25), step=(0.01,) * 5),
    "snow": _five(
        mean=(0.1, 0.1, 0.15, 0.25, 0.3),
        spread=(0.2, 0.2, 0.3, 0.3, 0.3),
        flake=(1, 1, 1.75, 2.25, 1.25),
        threshold=(0.6, 0.5, 0.55, 0.6, 0.65),
        radius=(8, 10, 10, 12, 14),
        sigma=(3, 4, 4, 6, 12),
        keep=(0.95, 0.9, 0.9, 0.85, 0.8),
    ),
    "frost": _five(keep=(1, 1, 0.9, 0.85, 0.75), amount=(0.2, 0.3, 0.4, 0.4, 0.45)),
    "fog": _five(amount=(0.2, 0.5, 0.75, 1, 1.5), decay=(3, 3, 2.5, 2, 1.75)),
    "brightness": _five(amount=(0.05, 0.1, 0.15, 0.2, 0.3)),
    "contrast": _five(keep=(0.75, 0.5, 0.4, 0.3, 0.15)),
    "elastic": _five(
        shift=(0, 1.6, 2.56, 3.2, 3.2),
        width=(0, 6.4, 1.92, 1.28, 0.96),
        jitter=(2.56, 2.24, 1.92, 1.6, 0.96),
    ),
    "pixelate": _five(share=(0.95, 0.9, 0.85, 0.75, 0.65)),
    "jpeg": _five(quality=(80, 65, 58, 50, 40)),
}

NATURAL: dict[str, tuple[Settings, ...]] = {
    "gaussian_noise": _five(deviation=(0.08, 0.12, 0.18, 0.26, 0.38)),
    "shot_noise": _five(photons=(60, 25, 12, 5, 3)),
    "impulse_noise": _five(amount=(0.03, 0.06, 0.09, 0.17, 0.27)),
    "defocus_blur": _five(radius=(3, 4, 6, 8, 10), soften=(0.1, 0.5, 0.5, 0.5, 0.5)),
    "glass_blur": _five(
        sigma=(0.7, 0.9, 1, 1.1, 1.5), reach=(1, 2, 2, 3, 4), times=(2, 1, 3, 2, 2)
    ),
    "motion_blur": _five(radius=(10, 15, 15, 15, 20), sigma=(3, 5, 8, 12, 15)),
    "zoom_blur": _five(
        furthest=(1.11, 1.15, 1.20, 1.24, 1.30), step=(0.01, 0.01, 0.02, 0.02, 0.03)
    ),
    "snow": _five(
        mean=(0.1, 0.2, 0.55, 0.55, 0.55),
        spread=(0.3, 0.3, 0.3, 0.3, 0.3),
        flake=(3, 2, 4, 4.5, 2.5),
        threshold=(0.5, 0.5, 0.9, 0.85, 0.85),
        radius=(10, 12, 12, 12, 12),
        sigma=(4, 4, 8, 8, 12),
        keep=(0.8, 0.7, 0.7, 0.65, 0.55),
    ),
    "frost": _five(keep=(1, 0.8, 0.7, 0.65, 0.6), amount=(0.4, 0.6, 0.7, 0.7, 0.75)),
    "fog": _five(amount=(1.5, 2, 2.5, 2.5, 3), decay=(2, 2, 1.7, 1.5, 1.4)),
    "brightness": _five(amount=(0.1, 0.2, 0.3, 0.4, 0.5)),
    "contrast": _five(keep=(0.4, 0.3, 0.2, 0.1, 0.05)),
    "elastic": _five(
        shift=(488, 488, 12.2, 17.08, 29.28),
        width=(170.8, 19.52, 2.44, 2.44, 2.44),
        jitter=(24.4, 48.8, 4.88, 4.88, 4.88),
    ),
    "pixelate": _five(share=(0.6, 0.5, 0.4, 0.3, 0.25)),
    "jpeg": _five(quality=(25, 18, 15, 10, 7)),
}


def settings(name: str, strength: int, side: int) -> Settings:
    """The settings of a corruption for pictures of ``side`` pixels, lengths already in their pixels."""
    table, made_for = (SMALL, 32) if side < BORDER else (NATURAL, 224)
    found = table[name][strength - 1]
    return {
        key: value * side / made_for if key in LENGTHS else value for key, value in found.items()
    }


def table(side: int) -> dict[str, Any]:
    """Which table holds for pictures of ``side`` pixels, in words that travel with a number."""
    return (
        {"strengths": "CIFAR-10-C's", "lengths_times": side / 32}
        if side < BORDER
        else {"strengths": "ImageNet-C's", "lengths_times": side / 224}
    )
