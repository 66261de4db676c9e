"""Raw pixels: the picture itself, averaged down when it is large."""

import torch
import torch.nn.functional as F

from selftaught.encoders import build
from selftaught.encoders.pixels import Pixels


def test_features_are_the_flattened_picture() -> None:
    pictures = torch.randn(3, 2, 8, 8)
    encoder = Pixels(channels=2, size=8)
    assert torch.equal(encoder(pictures), pictures.reshape(3, 128))
    assert encoder.dim == 128


def test_large_pictures_are_averaged_to_a_side_of_32() -> None:
    pictures = torch.randn(2, 3, 64, 64)
    encoder = build(**Pixels(channels=3, size=64).recipe)
    assert encoder.dim == 3 * 32 * 32
    torch.testing.assert_close(encoder(pictures), F.avg_pool2d(pictures, 2).flatten(1))
