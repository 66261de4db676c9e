"""Labels of which a share is false: the same ones for whoever learns from them."""

import torch
from jaxtyping import Int64
from torch import Tensor

from selftaught.keys import Keys


def replaced(
    labels: Int64[Tensor, " n"],
    rows: Int64[Tensor, " n"],
    share: float,
    choices: Int64[Tensor, " k"],
    *,
    seed: int = 0,
) -> Int64[Tensor, " n"]:
    """The labels, each replaced with probability ``share`` by any of the choices alike: symmetric noise.

    A label that is replaced by itself stays right, so with k choices (k - 1) / k of the replaced ones are
    false, and the right class stays the commonest. A picture's draw depends on its row alone: more noise
    replaces those that less noise does, by the same labels. -1, no label, stays.

    Args:
        rows: of the pictures in their source.
        share: from 0 to below 1.
        choices: the classes.
    """
    drawn = Keys(seed, 0, rows).uniform("label_noise", 2)
    others = choices[(drawn[:, 1] * len(choices)).to(torch.int64)]
    return torch.where((drawn[:, 0] < share) & (labels >= 0), others, labels)
