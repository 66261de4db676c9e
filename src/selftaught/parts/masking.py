"""Which patches of a picture are hidden."""

import math

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from selftaught.errors import Refusal
from selftaught.keys import Keys


def blocks(
    keys: Keys,
    grid: int,
    ratios: tuple[float, float],
    *,
    view: int = 0,
    never: float = 0.0,
    aspects: tuple[float, float] = (0.3, 1 / 0.3),
    attempts: int = 32,
) -> Bool[Tensor, "n p"]:
    """Block-wise masks after BEiT (Bao et al., 2022, Algorithm 1), as iBOT draws them.

    Rectangles are laid down, each with no more new patches than are still to be hidden, until a
    picture's share is reached or the attempts are used up: a mask may hide a little less, never more.

    Args:
        keys: the step's random choices.
        grid: patches a side.
        ratios: smallest and largest share of the patches that is hidden; it is drawn for each picture.
        view: which view of the picture the mask is for.
        never: share of pictures with nothing hidden.
        aspects: smallest and largest height / width of a rectangle.
        attempts: how many rectangles are tried. The authors try until ten in a row do not fit; a number
            that does not depend on the draws keeps all pictures in one batch.
    """
    u = keys.uniform("blocks", 2 + 4 * attempts, view)
    share = ratios[0] + (ratios[1] - ratios[0]) * u[:, 1]
    wanted = torch.where(u[:, 0] < never, torch.zeros_like(share), share * grid**2)
    hidden = torch.zeros(len(u), grid, grid, dtype=torch.bool, device=u.device)
    least, (wide, tall) = (grid // 3) ** 2, (math.log(each) for each in aspects)
    for step in range(2, u.shape[1], 4):
        size, aspect, row, column = u[:, step : step + 4].T
        room = wanted - hidden.sum(dim=(1, 2))
        area = (least + (room - least) * size).clamp(min=0)
        stretch = (wide + (tall - wide) * aspect).exp()
        height, width = (area * stretch).sqrt().round(), (area / stretch).sqrt().round()
        block = _between(row, height, grid)[:, :, None] & _between(column, width, grid)[:, None, :]
        new = (block & ~hidden).sum(dim=(1, 2))
        fits = (height < grid) & (width < grid) & (new <= room)
        hidden |= block & fits[:, None, None]
    return hidden.flatten(1)


def _between(u: Tensor, length: Tensor, grid: int) -> Bool[Tensor, "n g"]:
    """The places of a stretch of ``length`` among ``grid``, which begins at any with equal probability."""
    begin = (u * (grid - length + 1)).floor()[:, None]
    place = torch.arange(grid, device=u.device)
    return (begin <= place) & (place < begin + length[:, None])


def hidden_count(share: float, places: int, method: str) -> int:
    """How many of ``places`` are hidden, rounded up as MAE and SimMIM do.

    Raises:
        Refusal: none is, or all are.
    """
    count = math.ceil(share * places - 1e-9)
    if not 0 < count < places:
        raise Refusal(
            f"{method}: mask={share:g} hides {count} of {places} places, which leaves nothing to guess "
            "or nothing to guess from; give a share between, or a larger views.size."
        )
    return count


def subset(
    keys: Keys, places: int, hidden: int
) -> tuple[Int64[Tensor, "n k"], Int64[Tensor, "n m"]]:
    """Which of ``places`` are kept and which are hidden: all subsets are equally probable."""
    order = keys.uniform("mask", places).argsort(dim=1, stable=True)
    return order[:, hidden:], order[:, :hidden]


def units(keys: Keys, grid: int, side: int, hidden: int) -> Int64[Tensor, "n m"]:
    """The hidden patches, in squares of ``side`` by ``side`` patches, ``hidden`` such squares a picture."""
    across = grid // side
    _, chosen = subset(keys, across**2, hidden)
    inside = torch.arange(side, device=chosen.device)
    rows = (chosen // across * side)[:, :, None] + inside
    columns = (chosen % across * side)[:, :, None] + inside
    return (rows[:, :, :, None] * grid + columns[:, :, None, :]).flatten(1)


def context_and_targets(
    keys: Keys,
    grid: int,
    *,
    count: int,
    scale: tuple[float, float],
    aspects: tuple[float, float],
    context: tuple[float, float],
) -> tuple[Int64[Tensor, "n k"], Int64[Tensor, "n t a"]]:
    """I-JEPA's masks (Assran et al., 2023, appendix A): a context, and ``count`` target blocks.

    Blocks are of one size in a batch, as the authors draw them, and of other places in each picture. A
    picture keeps k = p - count a patches, which is what is left when no two blocks overlap: at random
    from the context square without the targets, and, when that has fewer, from around it. (The authors
    cut every picture's context to the batch's smallest, from its top; on a 14 x 14 grid that is 51 on
    average against our 62. But it depends on the draws, so the device would have to be waited for.)

    Args:
        keys: the step's random choices.
        grid: patches a side, three or more.
        count: target blocks.
        scale: smallest and largest share of the patches that a block takes.
        aspects: smallest and largest height / width of a block.
        context: smallest and largest share of the patches that the context square takes.
    """
    # On the CPU and from one key for the whole batch: shapes must be known without waiting.
    once = keys.at(torch.zeros(1, dtype=torch.long)).uniform("block sizes", 3)
    area, aspect, square = (
        low + (high - low) * u
        for (low, high), u in zip((scale, aspects, context), once[0].tolist(), strict=True)
    )
    patches = int(grid**2 * area)
    height, width = (
        min(max(round(math.sqrt(each)), 1), grid - 1)
        for each in (patches * aspect, patches / aspect)
    )
    while grid**2 - count * height * width < grid**2 // 8 and height * width > 1:
        height, width = (height - 1, width) if height >= width else (height, width - 1)
    side = min(max(round(math.sqrt(int(grid**2 * square))), 1), grid)

    place = torch.arange(grid**2, device=keys.positions.device)
    u = keys.uniform("block places", 2 * (count + 1))
    top = (u[:, :count] * (grid - height + 1)).long()
    left = (u[:, count:-2] * (grid - width + 1)).long()
    inside = place[:height, None] * grid + place[:width]
    targets = (top * grid + left)[:, :, None] + inside.flatten()
    hidden = torch.zeros(len(u), grid**2, device=u.device).scatter(1, targets.flatten(1), 1.0)
    rows, columns = (
        _between(corner, torch.full_like(corner, side), grid) for corner in u[:, -2:].unbind(1)
    )
    around = ~(rows[:, :, None] & columns[:, None, :]).flatten(1)
    worth = keys.uniform("context", grid**2) + around + 2 * hidden
    order = worth.argsort(dim=1, stable=True)
    return order[:, : grid**2 - count * height * width], targets
