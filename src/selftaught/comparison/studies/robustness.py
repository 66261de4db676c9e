"""Are self-supervised encoders more robust than supervised ones?

D. Hendrycks, M. Mazeika, S. Kadavath and D. Song, "Using Self-Supervised Learning Can Improve Model Robustness
and Uncertainty", 2019, https://arxiv.org/abs/1906.12340, say so of corruptions, attacks and false labels.

All are read through the same linear probe on frozen features. Corruptions are judged by what is kept of the
clean accuracy above chance and attacks by the median norm, so a contestant that is worse throughout may still
be the more robust. For false labels see ``labels``.
"""

from collections.abc import Mapping
from typing import Any

from selftaught.comparison.studies.labels import RIVAL, false_labels
from selftaught.comparison.studies.reading import against_rivals
from selftaught.comparison.studies.study import BEYOND, Aspect, Study, above_chance


def corruptions(result: Mapping[str, Any], chance: float) -> float | None:
    """What is kept of the accuracy above chance, on average over corruptions and strengths.

    Only some of the queries are corrupted, and the largest class may have a larger share of these.
    """
    chance = result.get("corrupted_largest_class", chance)
    return above_chance(result["corrupted_accuracy"], result["clean_accuracy"], chance)


def attacks(result: Mapping[str, Any], chance: float) -> float | None:
    """The median norm of PGD, in 255ths; ``BEYOND`` where more than half withstood all strengths.

    None where no picture was classified rightly to begin with, so that none could be lost.
    """
    found: float | None = result.get("pgd_median_norm")
    if found is not None:
        return found
    drawn = result.get("curves", {}).get("pgd")
    return None if drawn is not None and drawn["y"][0] == 0 else BEYOND


STUDY = Study(
    claim="Self-supervised encoders are more robust to corruptions, attacks and false labels.",
    aspects=(
        Aspect(
            question="more robust to corruptions than supervised training",
            number="% of the accuracy above chance that is kept",
            protocol="robustness",
            read=corruptions,
        ),
        Aspect(
            question="more robust to attacks than supervised training",
            number="median norm of PGD, in 255ths",
            protocol="robustness",
            read=attacks,
            share=False,
            beyond="withstood the largest strength tried",
        ),
        false_labels("robustness"),
    ),
    reading=against_rivals,
    rivals=("supervised", RIVAL),
)
