"""Random numbers of a corruption: each drawn once, and the same at every strength."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.keys import Keys


class Draws:
    """Uniform and normal numbers for the pictures of ``keys``, remembered as long as this lives.

    Five strengths of one corruption ask for the same numbers, and drawing them is the dearest part of
    most corruptions. What is returned belongs to the memory: it must not be changed in place.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._known: dict[tuple[str, int, int], Tensor] = {}

    def __len__(self) -> int:
        return len(self.keys.positions)

    @property
    def device(self) -> torch.device:
        """Where the numbers are."""
        return self.keys.positions.device

    def uniform(self, operation: str, words: int, view: int = 0) -> Float[Tensor, "n w"]:
        """Numbers in [0, 1), see ``Keys.uniform``."""
        return self.once(
            (operation, words, view), lambda: self.keys.uniform(operation, words, view)
        )

    def uniforms(self, operation: str, channels: int, side: int) -> Float[Tensor, "n c s s"]:
        """A number in [0, 1) for each value of each picture."""

        def draw() -> Tensor:
            return self._channels(operation, channels, side**2).view(-1, channels, side, side)

        return self.once((operation, channels, side), draw)

    def normals(self, operation: str, channels: int, side: int) -> Float[Tensor, "n c s s"]:
        """A standard normal number for each value, in pairs: G. Box and M. Muller (1958)."""

        def draw() -> Tensor:
            words = side**2 + side % 2
            u = self._channels(operation, channels, words).view(-1, channels, words // 2, 2)
            first, second = u.unbind(3)
            radius = (-2 * (1 - first).log()).sqrt()  # 1 - u is in (0, 1]: its logarithm is finite
            angle = 2 * math.pi * second
            pairs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=3).flatten(2)
            return pairs[..., : side**2].reshape(-1, channels, side, side)

        return self.once((f"{operation} normal", channels, side), draw)

    def _channels(self, operation: str, channels: int, words: int) -> Tensor:
        """[n, c, w]: every channel is a stream of its own."""
        drawn = self.keys.uniforms({(operation, channel): words for channel in range(channels)})
        return torch.stack(list(drawn.values()), dim=1)

    def once(self, key: tuple[str, int, int], draw: Callable[[], Tensor]) -> Tensor:
        """What ``draw`` gave when this key was first asked for."""
        if key not in self._known:
            self._known[key] = draw()
        return self._known[key]
