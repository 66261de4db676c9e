"""Out-of-distribution detection (Sun et al., 2022), https://arxiv.org/abs/2204.06507, section 3.

Can pictures of another kind be told from those that the encoder was taught on, by how far their features lie?

A picture's strangeness is the distance of its normalised feature to the k-th nearest in the bank (k = 50, the
authors' for CIFAR-10). Beside it stands the Mahalanobis distance to the nearest class (Lee et al., 2018,
https://arxiv.org/abs/1807.03888). Nothing is learnt from the other pictures and nothing is chosen.
"""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from selftaught.data import Splits
from selftaught.evaluation.elsewhere import keys, opened, refusal, seen_by
from selftaught.evaluation.features import extract
from selftaught.evaluation.novelty import mahalanobis_distance, neighbour_distance, separation
from selftaught.evaluation.results import Pool, Result, Subject
from selftaught.measures import Measure
from selftaught.types import Count, Names

MEASURE = Measure("auroc", "AUROC")


def suits(splits: Splits, split: str, parameters: Mapping[str, Any]) -> str | None:
    """Whether other sets are named that can be had."""
    return refusal(parameters["data"], splits, "ood.data")


def protocol(pool: Pool, subject: Subject, *, data: Names = "", k: Count = 50) -> Result:
    """The chance that a strange picture looks stranger than a usual one, the mean over the sets.

    Args:
        data: the sets whose pictures are strange: names of built-in ones, or paths of folders.
        k: which neighbour's distance is taken; at most all of the bank.
    """
    usual = {
        "": neighbour_distance(pool.queries, pool.bank, k),
        "mahalanobis_": mahalanobis_distance(pool.queries, pool.bank, pool.labels),
    }
    scores: dict[str, float] = {}
    pictures: dict[str, int] = {}
    for name, key in keys(data).items():
        other = opened(name, subject.splits)
        tested = pool.settings["split"] == "test" and other.test is not None
        source = other.test if tested and other.test is not None else other.validation
        strange = extract(
            subject.encoder,
            source,
            seen_by(subject.clean, other),
            device=subject.device,
            dtype=subject.dtype,
            batch=subject.batch,
        ).features
        pictures[name] = len(strange)
        found = {
            "": neighbour_distance(strange, pool.bank, k),
            "mahalanobis_": mahalanobis_distance(strange, pool.bank, pool.labels),
        }
        for way, distances in found.items():
            for number, value in separation(usual[way], distances).items():
                scores[f"{way}{number}_{key}"] = value
    means = {
        f"{way}{number}": fmean(scores[f"{way}{number}_{key}"] for key in keys(data).values())
        for way in usual
        for number in ("auroc", "fpr95")
    }
    return Result.measured(
        pool,
        MEASURE,
        means.pop("auroc"),
        scores=means | scores,
        k=min(k, len(pool.bank)),
        strange_pictures=pictures,
        chosen_on="nothing is chosen",
    )
