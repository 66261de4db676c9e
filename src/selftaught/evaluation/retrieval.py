"""Retrieval (Song et al., 2016), https://arxiv.org/abs/1511.06452.

Do the pictures that lie nearest to a picture show the same class?

Each query ranks all pictures of the bank by cosine, the most similar first; those of the query's class are
relevant. With R relevant pictures, the i-th of them at rank r_i,

    AP = 1/R  sum over i  i / r_i          average precision; its mean over the queries is mAP
    recall@k = share of queries with a relevant picture among their first k

AP is that of information retrieval (Manning, Raghavan and Schütze, 2008, section 8.4), recall@k that of metric
learning (the paper above). Of pictures with the same cosine each takes the last of their ranks, so that
features that are all alike earn nothing by the order of the files; AP is then scikit-learn's
``average_precision_score``. Nothing is learnt or chosen.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.evaluation.results import Pool, Result, curve
from selftaught.measures import Measure
from selftaught.types import Counts

MEASURE = Measure("mean_average_precision", title="mAP")

CELLS = 2**24
"""Similarities held at once (64 MiB in float32): a bank of 50,000 is ranked for 335 queries at a time."""


@torch.no_grad()
def ranked(
    queries: Float[Tensor, "m d"],
    answers: Int64[Tensor, " m"],
    bank: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
) -> tuple[Float[Tensor, " m"], Int64[Tensor, " m"]]:
    """Average precision of each query, and the rank (from 1) of the first relevant picture.

    A query without any relevant picture in the bank has precision 0 and rank n + 1.
    """
    queries, bank = F.normalize(queries, dim=-1), F.normalize(bank, dim=-1)
    precision = torch.zeros(len(queries), dtype=torch.float64, device=queries.device)
    first = torch.full_like(answers, len(bank) + 1)
    for each in torch.unique(answers):
        relevant = (labels == each).nonzero().flatten()
        if len(relevant) == 0:
            continue
        asked = (answers == each).nonzero().flatten()
        for rows in torch.split(asked, max(1, CELLS // len(bank))):
            precision[rows], first[rows] = _ranked(queries[rows] @ bank.T, relevant)
    return precision.float(), first


def _ranked(
    similarities: Float[Tensor, "b n"], relevant: Int64[Tensor, " r"]
) -> tuple[Float[Tensor, " b"], Int64[Tensor, " b"]]:
    """The same for queries of one class: ranks are counted in sorted rows, so that nothing is permuted."""
    wanted = _sorted(similarities[:, relevant])
    # How many are at least as similar: among all, the rank; among the relevant ones, how many by then.
    rank = similarities.shape[1] - torch.searchsorted(_sorted(similarities), wanted)
    found = wanted.shape[1] - torch.searchsorted(wanted, wanted)
    return (found.double() / rank).mean(-1), rank[:, -1]


def _sorted(values: Tensor) -> Tensor:
    """Each row rising. numpy sorts plain values on a CPU ten times as fast as torch, which keeps places."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=1))
    return values.sort(dim=1).values


def protocol(pool: Pool, *, ks: Counts = (1, 5, 10)) -> Result:
    """mAP; recall at each k is in the scores.

    Args:
        ks: how many of the most similar pictures recall looks at.
    """
    precision, first = ranked(pool.queries, pool.answers, pool.bank, pool.labels)
    recall = {k: float((first <= k).double().mean()) for k in sorted(set(ks))}
    return Result.measured(
        pool,
        MEASURE,
        float(precision.double().mean()),
        scores={f"recall_at_{k}": value for k, value in recall.items()},
        curves={
            "recall": curve(
                list(recall), list(recall.values()), across="first pictures", up="recall"
            )
        },
        similarity="cosine",
        relevant="pictures of the bank of the query's class",
        chosen_on="nothing is chosen",
    )
