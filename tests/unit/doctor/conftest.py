"""Pictures for the doctor: as varied as photographs, and clean unless a test plants a defect."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy import ndarray
from PIL import Image


def scene(seed: int, side: int = 48, channels: int = 3) -> ndarray:
    """Ten patches of random colour, place and size, softened, and some grain: no two are alike."""
    random = np.random.default_rng(seed)
    pixels = np.empty((side, side, channels))
    pixels[:] = random.uniform(60, 200, channels)
    for _ in range(10):
        top, left = random.integers(0, side - 4, 2)
        height, width = random.integers(4, side // 2, 2)
        pixels[top : top + height, left : left + width] = random.uniform(0, 255, channels)
    pixels += random.normal(0, 8, pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


def picture(seed: int, side: int = 48) -> Image.Image:
    return Image.fromarray(scene(seed, side))


@pytest.fixture(name="scene")
def _scene() -> Callable[..., ndarray]:
    return scene


@pytest.fixture(name="picture")
def _picture() -> Callable[..., Image.Image]:
    return picture


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """1,300 pictures in two classes of one size, with nothing wrong with them."""
    folder = tmp_path / "clean"
    for number in range(1300):
        path = folder / "ab"[number % 2] / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number, 32).save(path, compress_level=1)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Forty clean pictures in two classes, to plant defects among."""
    folder = tmp_path / "small"
    for number in range(40):
        path = folder / "ab"[number % 2] / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(path)
    return folder
