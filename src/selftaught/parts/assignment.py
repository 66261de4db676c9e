"""Assignments that share the prototypes out evenly, by alternating normalisation (Sinkhorn, 1967)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.distributed import gather, world
from selftaught.parts.prototypes import Prototypes
from selftaught.parts.queue import Queue


@torch.no_grad()
def sinkhorn(
    scores: Float[Tensor, "n k"],
    *,
    epsilon: float | Tensor,
    iterations: int,
    weights: Float[Tensor, " n"] | None = None,
) -> Float[Tensor, "n k"]:
    """Rows that sum to one, over all of which every prototype is used about equally often.

    Of ``exp(scores / epsilon)``, columns and rows are scaled in turn, ``iterations`` times each, the rows
    last (Cuturi, 2013; Caron et al., 2020, section 3.1). In logarithms nothing overflows, whatever epsilon;
    nothing waits for the device. Across ranks, give the rows of all of them.

    Args:
        scores: of each row and prototype; half precision is widened.
        epsilon: small makes assignments hard, large makes them even.
        iterations: how often; at 0 the rows are a plain softmax.
        weights: how much each row counts for the balance; None counts all alike, 0 leaves one out.
    """
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32)) / epsilon
    worth = torch.zeros_like(scores[:, :1]) if weights is None else weights[:, None].log()
    rows = worth  # logarithms of the factors of rows and columns
    columns = torch.zeros_like(scores[:1])
    for _ in range(iterations):
        columns = -gather((scores + rows).logsumexp(0, keepdim=True)).logsumexp(0, keepdim=True)
        rows = worth - (scores + columns).logsumexp(1, keepdim=True)
    return (scores + columns).softmax(1)


class Balanced(nn.Module):
    """Assignments of a batch, balanced over all ranks and over a queue of earlier embeddings.

    Args:
        size: rows of the queue; 0 balances the batch alone.
        dim: width of an embedding.
        epsilon, iterations: of ``sinkhorn``.
    """

    written: Tensor
    weight: Tensor

    def __init__(self, size: int, dim: int, *, epsilon: float, iterations: int) -> None:
        super().__init__()
        self.queue = Queue(size, dim)
        self.register_buffer("written", torch.zeros((), dtype=torch.long))  # rows, so far
        self.register_buffer("weight", torch.zeros(()))  # of the queue's rows: 0 or 1
        self.epsilon, self.iterations = epsilon, iterations

    @torch.no_grad()
    def forward(self, scores: Float[Tensor, "n k"], prototypes: Prototypes) -> Float[Tensor, "n k"]:
        """Each row's share of the prototypes."""
        n, queue = len(scores), self.queue.rows
        every = torch.cat([scores.detach(), prototypes(queue)])
        share = self.weight.to(scores.dtype) / world()  # every rank has the whole queue
        weights = torch.cat([scores.new_ones(n), share.expand(len(queue))])
        return sinkhorn(every, epsilon=self.epsilon, iterations=self.iterations, weights=weights)[
            :n
        ]

    @torch.no_grad()
    def push(self, z: Float[Tensor, "n p"], *, read: bool) -> None:
        """Write embeddings; ``read`` says whether the queue counts from now on, if it is full."""
        self.queue.push(F.normalize(z, dim=-1))
        self.written += len(z) * world()
        self.weight.copy_((self.written >= len(self.queue.rows)) & read)
