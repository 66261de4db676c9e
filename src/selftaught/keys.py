"""Every random choice of a run, drawn from a counter: no hidden state, equal on every device.

Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
turns (seed; position in the global batch, step, view, operation) into four words of 32 bits. A choice
depends on nothing else, so it is the same whatever the device, the rank, the number of workers or the
slicing of the batch, and a resumed run draws what the uninterrupted one would have.
"""

import zlib
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor

MASK = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10

Word = TypeVar("Word", Tensor, int)

Wanted = dict[tuple[str, int], int]
"""Choices to draw together: (operation, view) to how many words."""


def philox(counter: tuple[Word, ...], key: tuple[int, int]) -> tuple[Word, ...]:
    """Philox 4x32-10: four counter words and two key words, each below 2**32, to four random words.

    Words travel in int64 tensors of one shape, or are Python's own numbers. A product of two wraps modulo
    2**64, which leaves its 64 bits right; the upper half is taken by an arithmetic shift and a mask.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        left, right = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0 = ((right >> 32) & MASK) ^ c1 ^ k0
        c2 = ((left >> 32) & MASK) ^ c3 ^ k1
        c1, c3 = right & MASK, left & MASK
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return c0, c1, c2, c3


@dataclass(frozen=True)
class Keys:
    """The random choices of a step, for the pictures at ``positions`` of the global batch.

    Attributes:
        seed: the run's seed, below 2**63.
        step: the step, below 2**32; or [n] int64, the step of each picture, where several are drawn together.
        positions: [n] int64, places in the global batch; their device is where the draws are made.
    """

    seed: int
    step: int | Tensor
    positions: Tensor

    @classmethod
    def of_steps(cls, seed: int, steps: range, positions: Int64[Tensor, " n"]) -> "Keys":
        """The choices of several steps, one step after the other."""
        each = torch.arange(steps.start, steps.stop, steps.step, device=positions.device)
        return cls(seed, each.repeat_interleave(len(positions)), positions.repeat(len(steps)))

    def at(self, positions: Int64[Tensor, " m"]) -> "Keys":
        """The choices of the same step for other places in the batch."""
        assert isinstance(self.step, int)
        return Keys(self.seed, self.step, positions)

    def of(self, rows: Int64[Tensor, " m"]) -> "Keys":
        """The choices of some of the pictures."""
        return self.at(self.positions[rows])

    def bits(self, operation: str, words: int = 1, view: int = 0) -> Int64[Tensor, "n w"]:
        """``words`` independent whole numbers in [0, 2**32) for each picture.

        Args:
            operation: names the choice ("crop", "flip"); two names are two independent streams.
            view: which view of the picture the choice is for, below 2**16.
        """
        return self._draw({(operation, view): words})[operation, view]

    def uniform(self, operation: str, words: int = 1, view: int = 0) -> Float[Tensor, "n w"]:
        """float32 in [0, 1): the upper 24 bits of each word, so exact in float32."""
        return _real(self.bits(operation, words, view))

    def uniforms(self, wanted: Wanted) -> dict[tuple[str, int], Float[Tensor, "n _"]]:
        """``uniform(operation, words, view)`` for each ``(operation, view): words``, in one call.

        A call of Philox is some 130 small tensor operations whatever its size: one for each operation and
        view would add a fifth to the time that two views of 256 small pictures take.
        """
        return {key: _real(words) for key, words in self._draw(wanted).items()}

    def _draw(self, wanted: Wanted) -> dict[tuple[str, int], Int64[Tensor, "n _"]]:
        """The words of each choice: blocks of four, each from a counter of its own."""
        device = self.positions.device
        blocks = {key: -(-words // 4) for key, words in wanted.items()}
        places = [view + (b << 16) for (_, view), count in blocks.items() for b in range(count)]
        names = [
            zlib.crc32(operation.encode())
            for (operation, _), count in blocks.items()
            for _ in range(count)
        ]
        table = torch.tensor([places, names]).to(device, non_blocking=True)
        position = self.positions[:, None].expand(-1, len(places))
        place, name = (row.expand_as(position) for row in table)
        step = torch.as_tensor(self.step, device=device).view(-1, 1).expand_as(position)
        counter = (position, step, place, name)
        drawn = torch.stack(philox(counter, _halves(self.seed)), dim=-1)
        parts = torch.split(drawn, list(blocks.values()), dim=1)
        return {
            key: part.flatten(1)[:, :words]
            for (key, words), part in zip(wanted.items(), parts, strict=True)
        }


def _real(words: Int64[Tensor, "n w"]) -> Float[Tensor, "n w"]:
    return (words >> 8).to(torch.float32) * 2.0**-24


def number(seed: int, step: int, operation: str) -> int:
    """A random number below 2**63 of a whole step: the first two words of ``bits`` at position 0, found in
    Python's own numbers, in a tenth of the time of as many tensors of one element."""
    first, second, _, _ = philox((0, step, 0, zlib.crc32(operation.encode())), _halves(seed))
    return first << 31 | second >> 1


def _halves(seed: int) -> tuple[int, int]:
    return seed & MASK, seed >> 32


def shuffle(
    size: int, seed: int, epoch: int, device: torch.device | str = "cpu"
) -> Int64[Tensor, " s"]:
    """A permutation of ``range(size)``, by sorting one random word per element (stable)."""
    everyone = torch.arange(size, device=device)
    words = Keys(seed, epoch, everyone).bits("shuffle", 2)
    # Two words make ties (and so any trace of the original order) vanishingly rare.
    return ((words[:, 0] << 31) | (words[:, 1] >> 1)).argsort(stable=True)
