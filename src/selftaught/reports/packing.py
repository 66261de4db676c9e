"""Numbers for the page's scripts, small: whole numbers as base64 of 16 bits each."""

import base64
import json
from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from markupsafe import Markup
from numpy import ndarray

FULL = 32_767
"""What the furthest position of a map is written as."""


def packed(numbers: Integer[ndarray, " ..."]) -> str:
    """Whole numbers from -32,768 to 32,767, row by row, little-endian: 2.7 letters a number.

    Raises:
        ValueError: one does not fit.
    """
    if numbers.size and (numbers.min() < -FULL - 1 or numbers.max() > FULL):
        raise ValueError(f"16 bits do not hold {numbers.min()} to {numbers.max()}")
    return base64.b64encode(numbers.astype("<i2").tobytes()).decode("ascii")


def packed_positions(positions: Float[ndarray, "m 2"]) -> str:
    """Places in [-1, 1]; a step is a sixtieth of a pixel of a large map."""
    return packed((positions * FULL).round().astype(np.int64))


def embedded(content: Any) -> Markup:
    """JSON that cannot close the script element it stands in."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
