"""Encoders: pictures to features."""

from typing import Any

from selftaught.encoders import resnet, vit
from selftaught.encoders.encoder import Encoder, PatchEncoder
from selftaught.encoders.patches import RandomPatches
from selftaught.encoders.pixels import Pixels
from selftaught.errors import Refusal, suggest

__all__ = ["Encoder", "PatchEncoder", "build", "names"]


def names() -> list[str]:
    """The built-in architectures that can be trained; beside them stands every ``timm:NAME``."""
    return [*resnet.ARCHITECTURES, *vit.ARCHITECTURES]


def build(name: str, *, channels: int, size: int, **settings: Any) -> Encoder:
    """An encoder with fresh weights from torch's global generator.

    Args:
        name: one of ``names()``, ``timm:NAME``, or ``pixels`` and ``random_patches``, which do not train.
        channels: of the pictures.
        size: side of the views in pixels.
        settings: what else the architecture takes (``stem`` of a ResNet, ``patch`` of a ViT).

    Raises:
        Refusal: no such encoder; the sentence names the nearest.
    """
    if name in resnet.ARCHITECTURES:
        return resnet.ResNet(name, channels=channels, size=size, **settings)
    known = name in (*vit.ARCHITECTURES, "pixels", "random_patches") or name.startswith("timm:")
    if not known:
        raise Refusal(f"There is no encoder '{name}'; {suggest(name, [*names(), 'timm:resnet18'])}")
    settings = {key: value for key, value in settings.items() if (key, value) != ("stem", "auto")}
    if "stem" in settings:
        raise Refusal(
            f"encoder.stem={settings['stem']} is for ResNets; {name} has no stem to choose."
        )
    if name in vit.ARCHITECTURES:
        return vit.ViT(name, channels=channels, size=size, **settings)
    if name.startswith("timm:"):
        from selftaught.encoders.backbone import Timm

        return Timm(name.removeprefix("timm:"), channels=channels, size=size, **settings)
    if name == "pixels":
        return Pixels(channels=channels, size=size, **settings)
    return RandomPatches(channels=channels, size=size, **settings)
