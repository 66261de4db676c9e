"""kNN (Wu et al., 2018), https://arxiv.org/abs/1805.01978, section 3.4.

Are a picture's nearest neighbours of its class?

The weighted nearest-neighbour classifier of "Unsupervised Feature Learning via Non-Parametric Instance
Discrimination": a query takes the votes of its k nearest neighbours by cosine; a neighbour of similarity s
votes for its class with exp(s / T). Nothing is learnt. The number is read with the k and T that papers report;
beside it stands what the best of several k and T reads, chosen on pictures that are held back.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.evaluation.results import Pool, Result, accuracy, curve
from selftaught.types import Count, Counts, Numbers, Positive

NEIGHBOURS = 20
TEMPERATURE = 0.1

GROUP = 16
"""Columns whose maximum is looked at first when the nearest are searched."""

CHOOSERS = 2000
"""Held pictures that choose k and temperature, at most: they tell 1 % apart, and cost a fifth of the rest."""

CELLS = 3 * 2**22
"""Similarities held at once (48 MiB in float32)."""


@torch.no_grad()
def nearest(
    queries: Float[Tensor, "m d"], bank: Float[Tensor, "n d"], k: int
) -> tuple[Float[Tensor, "m k"], Int64[Tensor, "m k"]]:
    """The k rows of the bank with the largest cosine to each query.

    Args:
        k: at most n.

    Returns:
        Cosines, falling along a row, and the rows of the bank that they belong to. A feature of
        length zero has cosine 0 to everything.
    """
    queries, bank = F.normalize(queries, dim=-1), F.normalize(bank, dim=-1)
    blocks = torch.split(queries, max(1, CELLS // len(bank)))
    room = queries.new_empty(len(blocks[0]), len(bank))  # new pages for each block cost a tenth
    found = [_largest(torch.mm(block, bank.T, out=room[: len(block)]), k) for block in blocks]
    return torch.cat([s for s, _ in found]), torch.cat([i for _, i in found])


def _largest(similarities: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """``similarities.topk(k)`` for long rows: the k largest lie in the k groups of largest maximum.

    The columns of a group are far apart, so that maxima are taken of whole stretches of a row.
    """
    n, device = similarities.shape[1], similarities.device
    if n < 4 * k * GROUP:
        return similarities.topk(k)
    groups = n // GROUP
    maxima = similarities[:, : groups * GROUP].view(-1, GROUP, groups).amax(1)
    best = maxima.topk(k, sorted=False).indices
    members = best[:, None] + groups * torch.arange(GROUP, device=device)[:, None]
    left_over = torch.arange(groups * GROUP, n, device=device).expand(len(best), -1)
    columns = torch.cat([members.flatten(1), left_over], 1)
    values, place = similarities.gather(1, columns).topk(k)
    return values, columns.gather(1, place)


def vote(
    similarities: Float[Tensor, "m k"],
    labels: Int64[Tensor, "m k"],
    classes: int,
    temperature: float = TEMPERATURE,
) -> Int64[Tensor, " m"]:
    """The class with the most votes, exp(similarity / temperature) each; of equals the first
    class."""
    # A factor common to all votes keeps the exponential in range and changes no winner.
    weights = ((similarities - similarities[:, :1]) / temperature).exp()
    votes = weights.new_zeros(len(weights), classes).scatter_add_(1, labels, weights)
    return votes.argmax(-1)


def classify(
    queries: Float[Tensor, "m d"],
    bank: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    *,
    classes: int,
    k: int = NEIGHBOURS,
    temperature: float = TEMPERATURE,
) -> Int64[Tensor, " m"]:
    """The class of each query by its k nearest neighbours in the bank (all of it when k is
    larger)."""
    similarities, index = nearest(queries, bank, min(k, len(bank)))
    return vote(similarities, labels[index], classes, temperature)


def protocol(
    pool: Pool,
    *,
    k: Count = NEIGHBOURS,
    temperature: Positive = TEMPERATURE,
    also: Counts = (200,),
    ks: Counts = (1, 5, 10, 20, 50, 100, 200),
    temperatures: Numbers = (0.02, 0.05, 0.07, 0.1, 0.2, 0.5, 1.0),
) -> Result:
    """Accuracy with k neighbours; with the chosen k and temperature it is the score ``accuracy_chosen``.

    Args:
        k: neighbours that vote; at most all of the bank.
        temperature: a neighbour of cosine s votes with exp(s / temperature).
        also: further numbers of neighbours, reported beside it.
        ks: candidates for a k that is chosen on the held pictures.
        temperatures: candidates for the temperature that is chosen with it.
    """
    tried = _tried(pool, ks, temperatures)
    best = max(tried.values())
    # Of equals the fewest neighbours, and the temperature that is nearest to the published one.
    chosen = min(
        (pair for pair, right in tried.items() if right == best),
        key=lambda pair: (pair[0], abs(math.log(pair[1] / temperature))),
    )
    used = [min(each, len(pool.bank)) for each in (k, *also)]
    similarities, index = nearest(pool.queries, pool.bank, max(*used, chosen[0]))
    labels = pool.labels[index]
    predictions = {
        each: vote(similarities[:, :each], labels[:, :each], pool.classes, temperature)
        for each in used
    }
    by_choice = vote(similarities[:, : chosen[0]], labels[:, : chosen[0]], pool.classes, chosen[1])
    counts = sorted({k for k, _ in tried})
    return Result.of(
        pool,
        predictions[used[0]],
        scores={
            "accuracy_chosen": accuracy(by_choice, pool.answers),
            "chosen_k": float(chosen[0]),
            "chosen_temperature": chosen[1],
        },
        curves={
            "held_accuracy_by_k": curve(
                counts,
                [tried[k, chosen[1]] for k in counts],
                across="neighbours",
                up="accuracy on the held pictures",
            )
        },
        k=used[0],
        temperature=temperature,
        similarity="cosine",
        chosen_on=f"k and temperature are fixed; those of accuracy_chosen on {pool.chosen_on}",
        accuracy_at_k={str(k): accuracy(p, pool.answers) for k, p in predictions.items()},
    )


def _tried(
    pool: Pool, ks: Sequence[int], temperatures: Sequence[float]
) -> dict[tuple[int, float], float]:
    """Accuracy on held pictures for each k and temperature, by neighbours in the fit part."""
    counts = sorted({min(k, len(pool.fit)) for k in ks})
    held = pool.held[:: -(-len(pool.held) // CHOOSERS)]
    similarities, index = nearest(pool.bank[held], pool.bank[pool.fit], counts[-1])
    labels, answers = pool.labels[pool.fit][index], pool.labels[held]
    return {
        (k, t): accuracy(vote(similarities[:, :k], labels[:, :k], pool.classes, t), answers)
        for k in counts
        for t in temperatures
    }
