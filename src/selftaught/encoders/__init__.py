"""Encoders: pictures to features."""

from collections.abc import Collection
from typing import Any

from selftaught.encoders import resnet, vit
from selftaught.encoders.encoder import Encoder, PatchEncoder
from selftaught.encoders.patches import RandomPatches
from selftaught.encoders.pixels import Pixels
from selftaught.encoders.pretrained import Pretrained
from selftaught.encoders.projection import Projection
from selftaught.errors import Refusal, suggest

__all__ = ["Encoder", "PatchEncoder", "build", "names"]

FITTED: dict[str, type[Encoder]] = {
    "pixels": Pixels,
    "random_patches": RandomPatches,
    "projection": Projection,
    "pretrained": Pretrained,
}
"""The baselines' own encoders, which do not train."""


OWNED: dict[str, tuple[str, Collection[str], str]] = {
    "stem": ("ResNets", resnet.ARCHITECTURES, "auto"),
    "pool": ("ViTs", vit.ARCHITECTURES, "class"),
    "patch": ("ViTs", vit.ARCHITECTURES, "null"),
    "positions": ("ViTs", vit.ARCHITECTURES, "learnt"),
}
"""Settings of one kind of architecture: whose, by what names, and the value that chooses nothing."""


def names() -> list[str]:
    """The built-in architectures that can be trained; beside them stands every ``timm:NAME``."""
    return [*resnet.ARCHITECTURES, *vit.ARCHITECTURES]


def build(name: str, *, channels: int, size: int, **settings: Any) -> Encoder:
    """An encoder with fresh weights from torch's global generator.

    Args:
        name: one of ``names()``, ``timm:NAME``, or a key of ``FITTED``.
        channels: of the pictures.
        size: side of the views in pixels.
        settings: what else the architecture takes (``stem`` of a ResNet, ``patch`` and ``pool`` of a ViT).

    Raises:
        Refusal: no such encoder; the sentence names the nearest.
    """
    # What chooses nothing goes to nobody, so that one configuration serves every architecture.
    settings = {
        key: value for key, value in settings.items() if key not in OWNED or value != OWNED[key][2]
    }
    known = name in (*names(), *FITTED) or name.startswith("timm:")
    if not known:
        raise Refusal(f"There is no encoder '{name}'; {suggest(name, [*names(), 'timm:resnet18'])}")
    for key, (kind, owners, neutral) in OWNED.items():
        # Random patches have a patch of their own.
        if key in settings and name not in owners and not (key == "patch" and name in FITTED):
            raise Refusal(
                f"encoder.{key}={settings[key]} is for {kind} of ours; {name} takes none: give "
                f"encoder.{key}={neutral}."
            )
    if name in resnet.ARCHITECTURES:
        return resnet.ResNet(name, channels=channels, size=size, **settings)
    if name in vit.ARCHITECTURES:
        return vit.ViT(name, channels=channels, size=size, **settings)
    if name.startswith("timm:"):
        from selftaught.encoders.backbone import Timm

        return Timm(name.removeprefix("timm:"), channels=channels, size=size, **settings)
    return FITTED[name](channels=channels, size=size, **settings)
