"""Whether an encoder knows a picture again in another view of it: health that needs no labels.

Wu, Xiong, Yu and Lin, "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", 2018,
https://arxiv.org/abs/1805.01978: each picture is a class of its own.
"""

import hashlib

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor


@torch.no_grad()
def recognised(one: Float[Tensor, "n d"], other: Float[Tensor, "n d"]) -> float:
    """How often a picture's second view is nearer to its first than another picture's second view is.

    The area under the ROC curve of cosines of centred features, over all n (n - 1) comparisons: 1 when every
    picture is known again, 0.5 when views say nothing; equal cosines count a half.
    """
    mean = torch.cat([one, other]).mean(0)
    first, second = (F.normalize((x - mean).cpu().double(), dim=-1) for x in (one, other))
    cosines = first @ second.T  # [n, n]
    own = cosines.diagonal()[:, None]
    won = (own > cosines).double() + (own == cosines).double() / 2
    n = len(won)
    return float((won.sum() - won.diagonal().sum()) / (n * (n - 1)))


def distinct(pictures: Tensor) -> Int64[Tensor, " m"]:
    """The first row of each different picture of [n, ...], in order: exact copies are left out."""
    known: dict[bytes, int] = {}
    for row, picture in enumerate(pictures.cpu().contiguous().numpy()):
        known.setdefault(hashlib.sha256(picture.tobytes()).digest(), row)
    return torch.tensor(sorted(known.values()), dtype=torch.int64)
