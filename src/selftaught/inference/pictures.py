"""Pictures from wherever they are to integer tensors, or a sentence about why not."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from selftaught.data.files import DEEP, ENDINGS, GREY, Kind, header, pixels, reason, strict
from selftaught.errors import Refusal

BYTE, WORD = 255, 65535
"""The largest values of 8 and of 16 bits."""


def pictures_in(folder: Path | str) -> list[Path]:
    """The picture files of a folder at any depth, sorted by path; hidden ones are passed over.

    Raises:
        Refusal: there is no such folder, or no picture in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise Refusal(f"There is no folder {folder}.")
    found = {
        file: file.relative_to(folder).parts
        for file in folder.rglob("*")
        if file.suffix.lower() in ENDINGS and file.is_file()
    }
    shown = [file for file, parts in found.items() if not any(p.startswith(".") for p in parts)]
    if not shown:
        raise Refusal(f"There is no picture in {folder} ({', '.join(sorted(ENDINGS))}).")
    return sorted(shown, key=lambda file: found[file])


def read(path: Path | str) -> tuple[Tensor, int]:
    """One picture file, upright: [c, h, w] uint8 or int32, and the largest value of a pixel.

    Raises:
        Refusal: there is no such file, or it holds no picture that can be read.
    """
    path = Path(path)
    if not path.is_file():
        raise Refusal(f"There is no picture {path}.")
    try:
        with strict(), Image.open(path) as picture:
            found = header(picture)
            return pixels(picture, Kind(found.channels, found.levels)), found.levels
    except Exception as error:  # a broken file can make a decoder raise anything
        raise Refusal(f"{path} cannot be read as a picture: {reason(str(path), error)}.") from None


def integers(picture: Image.Image) -> tuple[Tensor, int]:
    """A Pillow picture, as it stands, in the form that ``read`` gives.

    Grey stays one channel; palettes, CMYK and the like become RGB, and transparency is dropped.

    Raises:
        Refusal: pixels that are not whole numbers of at most 16 bits.
    """
    if picture.mode in GREY:
        return torch.from_numpy(np.array(picture.convert("L")))[None], BYTE
    if picture.mode in DEEP:
        deep = np.array(picture).astype(np.int64)
        if deep.min() >= 0 and deep.max() <= WORD:
            return torch.from_numpy(deep.astype(np.int32))[None], WORD
    if picture.mode in DEEP or picture.mode == "F":
        raise Refusal(
            f"A picture of mode {picture.mode} has pixels that do not fit 16 bits; convert it to "
            "'L', 'RGB' or 'I;16' first."
        )
    if "transparency" in picture.info:
        # Pillow warns of palettes with transparency that are not taken through RGBA.
        picture = picture.convert("RGBA")
    colours = np.array(picture.convert("RGB"))
    return torch.from_numpy(colours).permute(2, 0, 1).contiguous(), BYTE
