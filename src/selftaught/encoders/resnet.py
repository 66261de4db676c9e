"""ResNet (He, Zhang, Ren and Sun, 2016), https://arxiv.org/abs/1512.03385, section 4 and table 1.

The stem follows the size of the views, because a stem made for 224 px leaves one cell of a 32 px picture.
"""

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.encoders.convolution import Convolution
from selftaught.encoders.encoder import Encoder

Stem = Literal["auto", "small", "strided", "large"]

ARCHITECTURES: dict[str, tuple[str, tuple[int, ...], tuple[int, ...]]] = {
    # name: block, blocks a stage, width of each stage
    "resnet_tiny": ("basic", (1, 1, 1, 1), (16, 32, 64, 128)),
    "resnet_small": ("basic", (1, 1, 1, 1), (32, 64, 128, 256)),
    "resnet18": ("basic", (2, 2, 2, 2), (64, 128, 256, 512)),
    "resnet34": ("basic", (3, 4, 6, 3), (64, 128, 256, 512)),
    "resnet50": ("bottleneck", (3, 4, 6, 3), (64, 128, 256, 512)),
    "resnet101": ("bottleneck", (3, 4, 23, 3), (64, 128, 256, 512)),
}


def choose_stem(size: int) -> Stem:
    """The one place where the thresholds stand.

    Up to 48 px (CIFAR) the picture is read at full resolution, as every CIFAR ResNet does; up to 128 px
    (STL-10, Tiny-ImageNet) at half; above, at a quarter, as in the paper.
    """
    if size <= 48:
        return "small"
    return "strided" if size <= 128 else "large"


class Basic(nn.Module):
    """Two 3x3 convolutions and a shortcut (figure 5, left)."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.convolution1 = Convolution(inputs, width, 3, stride)
        self.norm1 = nn.BatchNorm2d(width)
        self.convolution2 = Convolution(width, width, 3)
        self.norm2 = nn.BatchNorm2d(width)
        self.shortcut = shortcut(inputs, width, stride)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o p q"]:
        y = F.relu(self.norm1(self.convolution1(x)), inplace=True)
        y = self.norm2(self.convolution2(y))
        return F.relu(y + self.shortcut(x), inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 (figure 5, right); the stride sits on the 3x3, as everyone has it since."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.convolution1 = Convolution(inputs, width, 1)
        self.norm1 = nn.BatchNorm2d(width)
        self.convolution2 = Convolution(width, width, 3, stride)
        self.norm2 = nn.BatchNorm2d(width)
        self.convolution3 = Convolution(width, outputs, 1)
        self.norm3 = nn.BatchNorm2d(outputs)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o p q"]:
        y = F.relu(self.norm1(self.convolution1(x)), inplace=True)
        y = F.relu(self.norm2(self.convolution2(y)), inplace=True)
        y = self.norm3(self.convolution3(y))
        return F.relu(y + self.shortcut(x), inplace=True)


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """The identity where shapes agree, else a projection (option B of section 3.3)."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(Convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


class ResNet(Encoder):
    """Any member of the family.

    Args:
        name: a key of ``ARCHITECTURES``.
        channels: of the pictures.
        size: side of the views in pixels; decides an ``auto`` stem.
        stem: ``small`` (3x3), ``strided`` (3x3, stride 2) or ``large`` (7x7, stride 2, and pooling).
    """

    def __init__(self, name: str, *, channels: int, size: int, stem: Stem = "auto") -> None:
        super().__init__()
        stem = choose_stem(size) if stem == "auto" else stem
        self.recipe = {"name": name, "channels": channels, "size": size, "stem": stem}
        kind, blocks, widths = ARCHITECTURES[name]
        block = Basic if kind == "basic" else Bottleneck
        self.stem = nn.Sequential(
            Convolution(
                channels, widths[0], 7 if stem == "large" else 3, 1 if stem == "small" else 2
            ),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1) if stem == "large" else nn.Identity(),
        )
        stages = []
        inputs = widths[0]
        for number, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            for place in range(count):
                stages.append(block(inputs, width, 2 if number and place == 0 else 1))
                inputs = width * block.expansion
        self.stages = nn.Sequential(*stages)
        self.dim = inputs
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        maps: Tensor = self.stages(self.stem(pictures))  # [n, d, h / 8 of the stem's, w / 8]
        return maps.mean(dim=(2, 3))

    def layers(self) -> list[list[nn.Parameter]]:
        """The stem, then block by block."""
        return [list(part.parameters()) for part in (self.stem, *self.stages)]
