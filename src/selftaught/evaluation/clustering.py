"""Clustering (Van Gansbeke et al., 2020), https://arxiv.org/abs/2005.12320.

Do the features fall into the classes by themselves, without any label?

k-means (scikit-learn's, k-means++ and Lloyd) on the L2-normalised features of the queries, with as many
clusters as they have classes, best of several restarts by its own objective. Labels are used only to read the
result: clusters are matched to classes one to one by the Hungarian method so that most pictures are right
(cluster accuracy); normalised mutual information (by the arithmetic mean of the entropies) and the adjusted
Rand index need no matching. The paper reads its clusters by the same three.
"""

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int64
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

from selftaught.evaluation.results import Pool, Result
from selftaught.measures import Measure
from selftaught.types import Count, Seed

MEASURE = Measure("cluster_accuracy", title="cluster accuracy")


def matched(
    clusters: Int64[Tensor, " m"], answers: Int64[Tensor, " m"], classes: int
) -> Int64[Tensor, " m"]:
    """The class of each picture by its cluster, under the one-to-one matching with most pictures right.

    Clusters beyond the number of classes, which no class is left for, are class -1.
    """
    count = max(int(clusters.max()) + 1, classes)
    table = torch.bincount(clusters * classes + answers, minlength=count * classes)
    rows, columns = linear_sum_assignment(table.view(-1, classes).numpy(), maximize=True)
    by_cluster = torch.full((len(table) // classes,), -1)
    by_cluster[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return by_cluster[clusters]


def protocol(
    pool: Pool, *, restarts: Count = 10, iterations: Count = 300, seed: Seed = 0
) -> Result:
    """Cluster accuracy; mutual information and Rand index are in the scores.

    Args:
        restarts: of k-means; the one with the smallest distances within clusters is kept.
        iterations: of Lloyd's algorithm at most, in a restart.
        seed: where the first centres are drawn.
    """
    answers = pool.answers.cpu()
    k = len(torch.unique(answers))
    features = F.normalize(pool.queries, dim=-1).cpu().numpy()
    with warnings.catch_warnings():
        # Features with fewer different values than clusters (a collapse): said by ``clusters_found``.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(k, n_init=restarts, max_iter=iterations, random_state=seed % 2**32).fit(
            features
        )
    clusters = torch.from_numpy(found.labels_.astype(np.int64))
    predictions = matched(clusters, answers, pool.classes)
    return Result.measured(
        pool,
        MEASURE,
        float((predictions == answers).double().mean()),
        predictions=predictions,
        scores={
            "normalised_mutual_information": float(normalized_mutual_info_score(answers, clusters)),
            "adjusted_rand_index": float(adjusted_rand_score(answers, clusters)),
        },
        clusters=k,
        clusters_found=len(torch.unique(clusters)),
        features="L2-normalised",
        iterations_used=int(found.n_iter_),
        chosen_on="nothing is chosen: the restart by k-means' own objective, without labels",
    )
