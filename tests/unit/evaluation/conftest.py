"""A small data set and a small encoder that several protocols are tried on."""

from collections.abc import Callable

import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder


def waves(n: int, seed: int, channels: int = 3, side: int = 12) -> Resident:
    """Noisy stripes in three directions, and the directions as labels."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(n) % 3
    place = torch.arange(side).float()
    rows, columns = place[:, None].expand(side, side), place.expand(side, side)
    phase = torch.rand(n, 1, 1, generator=generator) * 6
    along = torch.stack([rows, columns, (rows + columns) / 2**0.5])[label]
    wave = torch.sin(along * 1.2 + phase)[:, None] * 60 + 128
    noise = torch.randn(n, channels, side, side, generator=generator) * 35
    return Resident((wave + noise).clamp(0, 255).to(torch.uint8), label)


class Small(Encoder):
    """Two convolutions and a norm, deterministic from a seed."""

    def __init__(self, channels: int = 3, dim: int = 16, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Conv2d(channels, 12, 3, padding=1)
            self.norm = nn.BatchNorm2d(12)
            self.second = nn.Conv2d(12, dim, 3, stride=2)
        self.dim = dim

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        maps = self.second(self.norm(self.first(pictures)).relu()).relu()
        return maps.mean((2, 3))

    def layers(self) -> list[list[nn.Parameter]]:
        """In order."""
        return [list(part.parameters()) for part in (self.first, self.norm, self.second)]


@pytest.fixture
def stripes() -> Splits:
    """90 + 45 + 60 pictures of 12 x 12 pixels in three classes."""
    return Splits(
        name="stripes",
        train=waves(90, 1),
        validation=waves(45, 2),
        test=waves(60, 3),
        classes=("down", "across", "slanting"),
        size=12,
        mean=(0.5, 0.5, 0.5),
        std=(0.2, 0.2, 0.2),
        preset="small",
    )


@pytest.fixture
def small() -> Encoder:
    """An untrained encoder."""
    return Small().eval()


@pytest.fixture
def more_waves() -> Callable[..., Resident]:
    """Further pictures of the same law: ``more_waves(n, seed, channels, side)``."""
    return waves
