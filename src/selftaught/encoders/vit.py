"""Vision Transformer (Dosovitskiy et al., 2021), https://arxiv.org/abs/2010.11929, equations 1 to 4.

Pre-norm blocks, positions that are learnt or, as the authors of MAE, I-JEPA and MoCo v3 have them, fixed waves
(both are interpolated to other sizes), features from the class token or from the mean of the patches' tokens.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from selftaught.encoders.encoder import PatchEncoder
from selftaught.errors import Refusal

Pool = Literal["class", "mean"]
Positions = Literal["learnt", "fixed"]

ARCHITECTURES = {  # name: width, depth, heads (Touvron et al., 2021, table 1, for tiny and small)
    "vit_micro": (128, 6, 4),  # ours, for CPUs: what resnet_small is beside resnet18
    "vit_tiny": (192, 12, 3),
    "vit_small": (384, 12, 6),
    "vit_base": (768, 12, 12),
}


def choose_patch(size: int) -> int:
    """Side of a patch: about 8 a side for small views, 14 for 224 px, as published recipes have it."""
    if size <= 48:
        return 4
    return 8 if size <= 112 else 16


def attention(
    q: Float[Tensor, "n h t d"], k: Float[Tensor, "n h t d"], v: Float[Tensor, "n h t d"]
) -> Float[Tensor, "n h t d"]:
    """softmax(q k' / sqrt(d)) v, by whichever form is fast where the tensors are.

    torch's fused form saves a GPU's memory, and on a CPU the backward of its bfloat16 takes 2 to 12 times as
    long as that of the plain products (torch 2.14; JOURNAL.md, 2026-11-30).
    """
    if q.device.type != "cpu" or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(q, k, v)
    weights = (q * q.shape[-1] ** -0.5) @ k.mT
    precise = torch.promote_types(v.dtype, torch.float32)
    mixed: Tensor = weights.softmax(dim=-1, dtype=precise).to(v.dtype) @ v
    return mixed


def waves(grid: int, width: int) -> Float[Tensor, "p d"]:
    """Places of a grid as sines and cosines: half of the width for the row, half for the column.

    Vaswani et al., 2017, section 3.5, in two dimensions as MAE's code has it.

    Raises:
        Refusal: four does not divide the width.
    """
    if width % 4:
        raise Refusal(
            f"Fixed positions need a width that four divides, not {width}; give encoder.positions=learnt."
        )
    pace = 10_000 ** (-torch.arange(width // 4) / (width // 4))
    turn = torch.arange(grid)[:, None] * pace
    side = torch.cat([turn.sin(), turn.cos()], dim=1)  # [g, d / 2]
    rows, columns = side[:, None].expand(-1, grid, -1), side[None].expand(grid, -1, -1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1)


class Block(nn.Module):
    """Attention, then an MLP of four times the width, each after a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise Refusal(
                f"Attention of width {width} cannot be shared by {heads} heads; "
                "give a number of heads that divides the width."
            )
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Float[Tensor, "n t d"]) -> Float[Tensor, "n t d"]:
        n, t, d = x.shape
        q, k, v = self.mix(self.norm1(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = attention(q, k, v)  # [n, heads, t, d / heads]
        x = x + self.out(mixed.transpose(1, 2).reshape(n, t, d))
        y: Tensor = x + self.mlp(self.norm2(x))
        return y


class ViT(PatchEncoder):
    """Any member of the family, at any size that its patch divides.

    Args:
        name: a key of ``ARCHITECTURES``.
        channels: of the pictures.
        size: side of the views in pixels.
        patch: side of a patch; None chooses by size.
        pool: where features come from: the ``class`` token, or the ``mean`` of the patches' tokens.
        positions: ``learnt`` from noise, or ``fixed`` sines and cosines (the class token's are nought).

    Raises:
        Refusal: the patch does not divide the size, or four does not divide the width of fixed positions.
    """

    def __init__(
        self,
        name: str,
        *,
        channels: int,
        size: int,
        patch: int | None = None,
        pool: Pool = "class",
        positions: Positions = "learnt",
    ) -> None:
        super().__init__()
        width, depth, heads = ARCHITECTURES[name]
        self.patch = patch or choose_patch(size)
        if size % self.patch:
            near = max(round(size / self.patch), 1) * self.patch
            raise Refusal(
                f"{name} cuts views into patches of {self.patch} px, which do not divide {size} px; "
                f"give views.size={near}."
            )
        self.grid = size // self.patch
        self.pool = pool
        self.recipe = {
            "name": name,
            "channels": channels,
            "size": size,
            "patch": self.patch,
            "pool": pool,
            "positions": positions,
        }
        self.dim = width
        self.cut = nn.Conv2d(channels, width, self.patch, self.patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, self.grid**2 + 1, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.positions, std=0.02)
        if positions == "fixed":
            places = torch.cat([torch.zeros(1, width), waves(self.grid, width)])
            self.positions = nn.Parameter(places[None], requires_grad=False)
        nn.init.trunc_normal_(self.class_token, std=0.02)

    def _places(self, height: int, width: int) -> Float[Tensor, "1 p d"]:
        """Positions of a grid of another size, by bicubic interpolation."""
        grid = self.positions[:, 1:]
        if (height, width) == (self.grid, self.grid):
            return grid
        square = grid.view(1, self.grid, self.grid, -1).permute(0, 3, 1, 2)
        square = F.interpolate(square, (height, width), mode="bicubic", antialias=True)
        return square.flatten(2).transpose(1, 2)

    def tokens(
        self,
        pictures: Float[Tensor, "n c h w"],
        keep: Int64[Tensor, "n k"] | None = None,
        replace: tuple[Bool[Tensor, "n p"], Float[Tensor, " d"]] | None = None,
    ) -> Float[Tensor, "n t d"]:
        patches = self.cut(pictures)  # [n, d, h / patch, w / patch]
        x = patches.flatten(2).transpose(1, 2)  # [n, p, d]
        if replace is not None:
            hidden, token = replace
            x = torch.where(hidden[:, :, None], token.to(x.dtype), x)
        x = x + self._places(*patches.shape[2:])
        if keep is not None:
            x = x.gather(1, keep[:, :, None].expand(-1, -1, x.shape[2]))
        first = (self.class_token + self.positions[:, :1]).expand(len(x), -1, -1)
        y: Tensor = self.norm(self.blocks(torch.cat([first, x], dim=1)))
        return y

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        return self.pooled(self.tokens(pictures))

    def pooled(self, tokens: Float[Tensor, "n t d"]) -> Float[Tensor, "n d"]:
        return tokens[:, 0] if self.pool == "class" else tokens[:, 1:].mean(dim=1)

    def layers(self) -> list[list[nn.Parameter]]:
        """The patches with their positions, then block by block; the last norm goes with the last block."""
        first = [*self.cut.parameters(), self.class_token, self.positions]
        blocks = [list(block.parameters()) for block in self.blocks]
        return [first, *blocks[:-1], blocks[-1] + list(self.norm.parameters())]
