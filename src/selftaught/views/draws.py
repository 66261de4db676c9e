"""All uniform numbers of a plan in one call: the bits of ``Keys.uniform`` at a sixth of the cost.

A Philox call is some 130 small tensor operations whatever its size: a call for each operation and
view would add a fifth to the time that two views of 256 small pictures take.
"""

import zlib

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.keys import MASK, Keys, philox


def uniform(
    keys: Keys, wanted: dict[tuple[str, int], int]
) -> dict[tuple[str, int], Float[Tensor, "n _"]]:
    """``keys.uniform(operation, words, view)`` for each ``(operation, view): words`` wanted."""
    positions = keys.positions
    blocks = {key: -(-words // 4) for key, words in wanted.items()}
    names = [
        zlib.crc32(operation.encode()) for (operation, _), b in blocks.items() for _ in range(b)
    ]
    places = [view + (block << 16) for (_, view), b in blocks.items() for block in range(b)]
    table = torch.tensor([places, names]).to(positions.device, non_blocking=True)
    position = positions[:, None].expand(-1, len(places))
    place, name = (row.expand_as(position) for row in table)
    counter = (position, torch.full_like(position, keys.step), place, name)
    drawn = philox(counter, (keys.seed & MASK, keys.seed >> 32))
    real = (torch.stack(drawn, dim=-1) >> 8).to(torch.float32) * 2.0**-24
    parts = torch.split(real, list(blocks.values()), dim=1)
    return {
        key: part.flatten(1)[:, :words]
        for (key, words), part in zip(wanted.items(), parts, strict=True)
    }
