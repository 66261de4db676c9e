"""The sprite sheet and the sheet of views, read back."""

import io

import numpy as np
import pytest
from PIL import Image

from selftaught.reports.pictures import FIRST_GAP, GAP, fitted, in_colour, sprite, view_sheet


def read(sheet: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(sheet))
    assert picture.format == "WEBP"
    return np.asarray(picture.convert("RGBA")).astype(int)


def plain(values: list[int], size: int, channels: int) -> np.ndarray:
    """One picture of one value each."""
    return np.stack([np.full((size, size, channels), value, np.uint8) for value in values])


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 13])
def test_a_tile_holds_its_picture(channels: int) -> None:
    values = [int(value) for value in np.linspace(0, 255, 53)]
    sheet, columns = sprite(plain(values, 8, channels), 16)
    pixels = read(sheet)
    assert columns == 50
    assert pixels.shape[:2] == (2 * 16, 50 * 16)
    for index, value in enumerate(values):
        row, column = divmod(index, columns)
        middle = pixels[row * 16 + 8, column * 16 + 8, :2]
        assert np.abs(middle - value).max() < 12


def test_few_pictures_take_few_columns() -> None:
    sheet, columns = sprite(plain([10, 20, 30], 8, 3), 8)
    assert columns == 3
    assert read(sheet).shape[:2] == (8, 24)


def test_channels_beyond_three_are_left_out_and_one_is_grey() -> None:
    picture = np.arange(5, dtype=np.uint8).reshape(1, 1, 1, 5)
    assert in_colour(picture).tolist() == [[[[0, 1, 2]]]]
    assert in_colour(picture[..., 4:]).tolist() == [[[[4, 4, 4]]]]


def test_a_wide_picture_is_fitted_whole() -> None:
    wide = np.full((1, 10, 20, 3), 255, np.uint8)
    square = fitted(wide, 16)[0]
    assert (square[4:12] == 255).all()
    assert (square[:4] == 0).all()
    assert (square[12:] == 0).all()


def test_views_stand_beside_their_picture() -> None:
    pictures = plain([40, 220], 32, 3)
    views = [plain([90, 10], 16, 3), plain([140, 60], 8, 3), plain([190, 250], 16, 3)]
    pixels = read(view_sheet(pictures, views, tile=32))
    assert pixels.shape[:2] == (2 * 32 + GAP, 32 + FIRST_GAP + 3 * 32 + 2 * GAP)
    left = 32 + FIRST_GAP
    for row, values in enumerate([[40, 90, 140, 190], [220, 10, 60, 250]]):
        for column, value in enumerate(values):
            x = 16 if column == 0 else left + (column - 1) * (32 + GAP) + 16
            pixel = pixels[row * (32 + GAP) + 16, x]
            assert np.abs(pixel[:3] - value).max() < 12
            assert pixel[3] == 255
    assert pixels[10, 32 + FIRST_GAP // 2, 3] == 0, "the ground is transparent"
