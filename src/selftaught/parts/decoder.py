"""A narrow transformer that says what stands at some places of a grid, given tokens of others."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from selftaught.errors import Refusal
from selftaught.parts.tiles import take


def sine_places(grid: int, width: int) -> Float[Tensor, "p d"]:
    """Sines and cosines of the row, then of the column (Vaswani et al., 2017, section 3.5, in two dimensions).

    Raises:
        Refusal: the width is no multiple of four.
    """
    if width % 4:
        raise Refusal(f"A width of {width} has no sines of two dimensions; give a multiple of 4.")
    frequencies = 10000.0 ** -(torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    angles = torch.arange(grid, dtype=torch.float64)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)  # [g, d / 2]
    rows, columns = waves.repeat_interleave(grid, dim=0), waves.repeat(grid, 1)
    return torch.cat([rows, columns], dim=1).float()


class Decoder(nn.Module):
    """Tokens of some patches in, guesses of others out.

    One learnt token stands for every place that is asked about. Places are added as fixed sines, so the
    order in which patches are named means nothing, and no token has to be put back where it was.

    Args:
        dim: width of the tokens that are given.
        width: width inside.
        out: width of a guess.
        grid: patches a side.
        blocks: the transformer, at that width.
    """

    places: Tensor

    def __init__(self, dim: int, width: int, out: int, grid: int, *blocks: nn.Module) -> None:
        super().__init__()
        self.register_buffer("places", sine_places(grid, width)[None])
        self.enter = nn.Linear(dim, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.leave = nn.Linear(width, out)
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                # MAE's; a deviation of 0.02 would leave next to nothing in a narrow decoder.
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(
        self,
        tokens: Float[Tensor, "n t d"],
        keep: Int64[Tensor, "n k"],
        asked: Int64[Tensor, "n m"],
    ) -> Float[Tensor, "n m o"]:
        """A guess for each patch in ``asked``.

        Args:
            tokens: of the patches in ``keep``, in that order; what comes before them has no place
                (the class token).
        """
        places = self.places.expand(len(tokens), -1, -1)
        x = self.enter(tokens)
        first = x.shape[1] - keep.shape[1]
        known = torch.cat([x[:, :first], x[:, first:] + take(places, keep)], dim=1)
        unknown = self.mask_token + take(places, asked)
        y = self.blocks(torch.cat([known, unknown], dim=1))
        guesses: Tensor = self.leave(self.norm(y[:, -asked.shape[1] :]))
        return guesses
