"""A queue: the last rows seen, the oldest dropped first. It is saved with the checkpoint."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.distributed import gather


class Queue(nn.Module):
    """A ring of unit-length rows, at first random.

    It is read in ``forward`` and written in ``after_step``, so that no row meets itself.

    Args:
        size: how many rows; a batch need not divide it. 0 is a queue that stays empty.
        dim: width of a row.
    """

    rows: Tensor
    place: Tensor

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("rows", F.normalize(torch.randn(size, dim), dim=-1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, new: Float[Tensor, "n p"]) -> None:
        """Write the rows of all ranks over the oldest; of more rows than there is room for, the last stay."""
        size = len(self.rows)
        new = gather(new)[-size:] if size else new[:0]
        where = (self.place + torch.arange(len(new), device=new.device)) % max(size, 1)
        self.rows.index_copy_(0, where, new.to(self.rows.dtype))
        self.place.copy_((self.place + len(new)) % max(size, 1))
