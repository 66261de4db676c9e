"""Products with matrices that are nought except in a band, block by block.

Resizing and blurring one side of a picture are such matrices: a pixel of the view sees a few of the
picture. Blocks of rows by the columns that they see are dense products, which a CPU does many times
faster than the sums themselves, at a fraction of what the whole matrix would take.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

BLOCK = 32
"""Rows of a block: with more, the blocks hold more noughts; with fewer, a product is too small."""


@dataclass(frozen=True)
class Band:
    """A matrix [size, length] whose rows are nought outside of their block's columns.

    Attributes:
        blocks: of rows; rows of the last from ``size`` on count nothing.
        starts: the first column of each block.
        size: rows of the matrix.
    """

    blocks: Float[Tensor, "b r w"]
    starts: list[int]
    size: int

    def down(self, columns: Float[Tensor, "l m"], out: Float[Tensor, "s m"]) -> Tensor:
        """``matrix @ columns``, written to ``out``."""
        for block, row, first in self._parts():
            seen = columns[first : first + block.shape[1]]
            torch.mm(block, seen, out=out[row : row + len(block)])
        return out

    def across(
        self, rows: Float[Tensor, "m l"], out: Float[Tensor, "m s"], mirrored: bool = False
    ) -> Tensor:
        """``rows @ matrix.T``, written to ``out``, from its last column to its first if mirrored."""
        for block, row, first in self._parts():
            seen = rows[:, first : first + block.shape[1]]
            if mirrored:
                stop = self.size - row
                torch.mm(seen, block.flip(0).T, out=out[:, stop - len(block) : stop])
            else:
                torch.mm(seen, block.T, out=out[:, row : row + len(block)])
        return out

    def _parts(self) -> Iterator[tuple[Tensor, int, int]]:
        """Each block, its first row and its first column."""
        for block, row, first in zip(
            self.blocks, range(0, self.size, BLOCK), self.starts, strict=True
        ):
            yield block[: self.size - row], row, first
