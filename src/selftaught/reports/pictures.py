"""Many small pictures as one file: the sprite sheet of the map, the sheet of views."""

import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

COLUMNS = 50
GAP = 4
FIRST_GAP = 12


def in_colour(pictures: UInt8[ndarray, "n h w c"]) -> UInt8[ndarray, "n h w 3"]:
    """What a screen can show of any number of channels.

    One channel is shown in grey. Two are shown as red and green. Of four and more, the first three
    are shown: an alpha or an infrared channel is left out.
    """
    channels = pictures.shape[-1]
    if channels == 1:
        return np.repeat(pictures, 3, axis=-1)
    if channels == 2:
        return np.concatenate([pictures, np.zeros_like(pictures[..., :1])], axis=-1)
    return pictures[..., :3]


def sprite(pictures: UInt8[ndarray, "n h w c"], tile: int) -> tuple[bytes, int]:
    """All pictures on one sheet, row by row, each fitted whole into a square of `tile` pixels.

    Returns:
        The sheet as WebP, and its number of columns (at most 50).
    """
    columns = min(COLUMNS, max(len(pictures), 1))
    rows = max(-(-len(pictures) // columns), 1)
    sheet = Image.new("RGB", (columns * tile, rows * tile))
    for index, picture in enumerate(fitted(in_colour(pictures), tile)):
        row, column = divmod(index, columns)
        sheet.paste(Image.fromarray(picture), (column * tile, row * tile))
    return webp(sheet), columns


def view_sheet(
    pictures: UInt8[ndarray, "n h w c"], views: Sequence[UInt8[ndarray, "n _ _ c"]], tile: int = 64
) -> bytes:
    """One row a picture: the picture first, then its views, on a transparent ground.

    Returns:
        The sheet as WebP; a wider gap sets the picture apart from its views.
    """
    number, amount = len(pictures), len(views)
    step = tile + GAP
    width = tile + FIRST_GAP + amount * step - GAP
    sheet = Image.new("RGBA", (width, number * step - GAP))
    for row, picture in enumerate(fitted(in_colour(pictures), tile)):
        sheet.paste(Image.fromarray(picture), (0, row * step))
    for column, view in enumerate(views):
        for row, shown in enumerate(fitted(in_colour(view), tile)):
            sheet.paste(Image.fromarray(shown), (tile + FIRST_GAP + column * step, row * step))
    return webp(sheet)


def fitted(pictures: UInt8[ndarray, "n h w 3"], tile: int) -> UInt8[ndarray, "n {tile} {tile} 3"]:
    """Each picture as large as the square allows, centred, nothing cut off.

    Enlarging repeats pixels, so that a picture of 32 pixels is not blurred; shrinking averages.
    """
    number, height, width = pictures.shape[:3]
    if (height, width) == (tile, tile):
        return pictures
    scale = tile / max(height, width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    resampling = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    squares = np.zeros((number, tile, tile, 3), dtype=np.uint8)
    top, left = (tile - tall) // 2, (tile - wide) // 2
    for square, picture in zip(squares, pictures, strict=True):
        resized = Image.fromarray(picture).resize((wide, tall), resampling)
        square[top : top + tall, left : left + wide] = np.asarray(resized)
    return squares


def webp(picture: Image.Image, quality: int = 84) -> bytes:
    """WebP, by itself at a quality where tiles of 32 pixels stay crisp."""
    file = io.BytesIO()
    picture.save(file, format="WEBP", quality=quality, method=4)
    return file.getvalue()
