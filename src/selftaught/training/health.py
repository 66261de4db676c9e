"""A run's health in one word and one sentence, from its own numbers.

    learning    the features tell pictures apart better than the untrained encoder's
    stalled     training changed nothing that can be measured
    collapsed   all pictures get the same features (complete), or far fewer directions (dimensional)
    diverged    a loss is no longer a finite number
    fitted      a baseline: nothing was trained

Each number is judged against the same run's step 0, because few dimensions alone are no collapse: an
untrained ResNet-18 already has nine tenths of its variance in six of 512 dimensions. And features that
shrink to the classes, as a supervised encoder's do by design, are no collapse while kNN rises.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DEAD = 0.05
"""Spread of unit-length features, or projections, under which they are called one point (1 is isotropic)."""

SHRUNK = 0.25
"""Share of step 0's effective rank under which a run without gain in kNN is called dimensionally collapsed."""

FLAT = 0.02
"""Relative fall of the loss under which a run without labels is called stalled."""


@dataclass(frozen=True)
class Verdict:
    """One word, and the sentence with the numbers behind it."""

    word: str
    text: str


def noise(accuracy: float, pictures: int) -> float:
    """Two standard errors of an accuracy on that many pictures."""
    return 2 * math.sqrt(max(accuracy * (1 - accuracy), 1e-9) / max(pictures, 1))


def judge(looks: Sequence[dict[str, Any]], losses: Sequence[float]) -> Verdict:
    """The verdict on a run that went to its end.

    Args:
        looks: the monitor's rows in order, step 0 first.
        losses: the total loss over the training.
    """
    if not looks or (losses and not math.isfinite(losses[-1])):
        return Verdict("diverged", "The loss is no longer a number; try a lower optimiser.rate.")
    first, last = looks[0], looks[-1]
    spread = last.get("projection_std", 1.0)
    rank, rank0 = last["effective_rank"], first["effective_rank"]
    gain = _gain(first, last)
    shape = f"effective rank {rank:.1f} ({rank0:.1f} before training)"
    if last["feature_std"] < DEAD or (spread < DEAD and gain is not True):
        what = "features" if last["feature_std"] < DEAD else "projections"
        value = min(last["feature_std"], spread)
        return Verdict(
            "collapsed",
            f"Complete collapse: all pictures get nearly the same {what} (spread {value:.3f}, where 1 "
            "is isotropic). Check what should prevent it: negatives, variance term, predictor, teacher.",
        )
    if rank < SHRUNK * rank0 and gain is not True:
        return Verdict(
            "collapsed",
            f"Dimensional collapse: {shape}, and kNN did not rise. Try a stronger decorrelation or "
            "a lower optimiser.rate.",
        )
    if gain is None:
        fall = _fall(losses)
        if fall < FLAT:
            return Verdict(
                "stalled",
                f"The loss fell by {fall:.1%} only; {shape}. Try a higher optimiser.rate or more epochs.",
            )
        return Verdict("learning", f"The loss fell by {fall:.0%}; {shape}. No labels, so no kNN.")
    moved = f"online kNN went from {first['knn']:.1%} before training to {last['knn']:.1%}"
    if not gain:
        return Verdict(
            "stalled",
            f"Nothing gained: {moved}, within noise of {last['queries']} pictures or worse; {shape}. "
            "Try another optimiser.rate, more epochs or milder views.",
        )
    return Verdict("learning", f"{moved[0].upper()}{moved[1:]}; {shape}.")


def _gain(first: dict[str, Any], last: dict[str, Any]) -> bool | None:
    """Whether kNN rose by more than noise; None without labels."""
    if "knn" not in first or "knn" not in last:
        return None
    return bool(last["knn"] > first["knn"] + noise(first["knn"], last["queries"]))


def _fall(losses: Sequence[float]) -> float:
    """Relative fall from the first tenth of the losses to the last tenth."""
    tenth = max(len(losses) // 10, 1)
    before, after = sum(losses[:tenth]) / tenth, sum(losses[-tenth:]) / tenth
    return (before - after) / max(abs(before), 1e-12)
