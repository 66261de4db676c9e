"""A run's health in one word and one sentence, from its own numbers, during training and after it.

=============  ===============================================================================================
learning       the encoder does something better than before training, by more than noise
stalled        nothing that is measured got better
collapsed      *complete*: all pictures get nearly the same feature or projection; *dimensional*: the features
               use far fewer directions than before training; and nothing got better
diverged       a loss is no longer a finite number, or weights or loss grew out of all proportion and nothing
               got better
short of data  what is learnt holds for the training pictures alone, or they are mostly copies of each other
early          while a run goes on: nothing got better yet
fitted         a baseline: nothing was trained
=============  ===============================================================================================

*Better* is a rise by two standard errors of kNN or of a linear classifier on validation, or of how often a
picture is recognised in another view (``monitors``); without labels, where recognition begins near
1 (the mild views of pretext tasks), also a fall of the loss. So features that shrink to the classes, as a
supervised encoder's do by design, are no collapse; nor are few directions alone: an untrained ResNet-18 has
nine tenths of its variance in six of 512. *Effective rank* is ``evaluation.spectrum.effective_rank``,
everywhere.

*Short of data* is the share of the loss's fall that carries over to pictures held back: with t and h the loss
on training and on held-back pictures, each less its value before training, it is h / t. Near 1 for what
generalises, 0 or less where training pictures are learnt by heart.

How the thresholds were found, and on which methods they were tested, stands in JOURNAL.md (2026-11-23).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

DEAD = 0.05
"""Spread of unit-length features, or projections, under which they are called one point (1 is isotropic)."""

VANISHED = 0.05
"""Share of the projections' deviation before training under which they are called one point."""

REWARDED = 0.5
"""Relative fall of the loss from which a collapse is what the loss asked for, and no accident of the rate."""

SHRUNK = 0.25
"""Share of step 0's effective rank under which a run that gained nothing is called dimensionally collapsed."""

EASY = 0.9
"""Recognition before training from which it cannot rise by much: without labels the loss then decides."""

FLAT = 0.02
"""Relative fall of the loss under which it did not fall."""

GROWN = 2.0
"""Growth of a weight matrix from which a run that gained nothing had too large a rate."""

CARRIED = 0.5
"""Share of the loss's fall that must carry over to pictures held back."""

HEART = 0.25
"""The same, below which a run is short of data even though something got better."""

COPIES = 0.5
"""Share of different pictures up to which a run that gained nothing is short of data."""


@dataclass(frozen=True)
class Verdict:
    """One word, and the sentence with the numbers behind it.

    Attributes:
        word: see the table above.
        text: the numbers in a sentence, then what to try.
        kind: ``complete`` or ``dimensional`` for a collapse.
        numbers: the measured values that decided, by name.
    """

    word: str
    text: str
    kind: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


def noise(share: float, pictures: int) -> float:
    """Two standard errors of a share of that many pictures."""
    return 2 * math.sqrt(max(share * (1 - share), 1e-9) / max(pictures, 1))


def judge(
    looks: Sequence[dict[str, Any]], losses: Sequence[float], *, ended: bool = True
) -> Verdict:
    """The verdict on a run, at its end or on the way.

    Args:
        looks: the monitor's rows in order, step 0 first. Rows of older versions hold fewer numbers; what is
            missing is not judged by.
        losses: the total loss over the training so far.
        ended: False while it goes on: what gained nothing yet is then called early, not stalled.
    """
    if not looks or (losses and not math.isfinite(losses[-1])):
        return Verdict("diverged", "The loss is no longer a number; try a lower optimiser.rate.")
    first, last = looks[0], looks[-1]
    gains = _gains(first, last)
    better = [gain for gain in gains if gain.by > gain.noise]
    asked = [gain for gain in gains if gain.name != "recognised"]
    if asked and all(gain.by < -gain.noise for gain in asked):
        better = []  # whatever is recognised now, the classes were lost
    if not better and (found := _diverged(first, last, losses)):
        return found
    # Few directions may serve to recognise pictures: where there are labels, the classes decide.
    useful = [gain for gain in better if gain in asked] if asked else better
    if not useful and (found := _collapsed(first, last)):
        return found
    shape = f"effective rank {last['effective_rank']:.1f} ({first['effective_rank']:.1f} before training)"
    if found := _short(first, last, bool(better), ended):
        return found
    told = "; ".join(gain.sentence for gain in gains)
    if better:
        chosen = max(better, key=lambda gain: gain.by / gain.noise)
        return Verdict("learning", f"{_upper(told)}; {shape}.", "", chosen.numbers)
    fall = _fall(losses)
    easy = all(gain.before > EASY for gain in gains)
    if not asked and easy and fall >= FLAT:
        rest = f"; {told}" if told else ""
        numbers = {"fall": fall}
        return Verdict("learning", f"The loss fell by {fall:.0%}{rest}; {shape}.", "", numbers)
    what = f"Nothing gained: {told}, within noise or worse" if told else "Nothing gained"
    if not asked:
        what += (
            f"; the loss fell by {fall:.1%} only" if fall > 0 else f"; the loss rose by {-fall:.1%}"
        )
    if not ended:
        return Verdict("early", f"{what}; {shape}.", "", {"fall": fall})
    advice = "Try another optimiser.rate, more epochs or milder views."
    return Verdict("stalled", f"{what}; {shape}. {advice}", "", {"fall": fall})


def collapse_shown(looks: Sequence[dict[str, Any]], losses: Sequence[float]) -> Verdict | None:
    """The verdict if the last look shows a collapse that no longer training is going to mend.

    A complete one shows at once; a dimensional one when the look before it shows it too, because some healthy
    methods narrow at first. Step 0 shows nothing of the training.
    """
    if len(looks) < 2:
        return None
    verdict = judge(looks, losses, ended=False)
    if verdict.word != "collapsed":
        return None
    if verdict.kind == "dimensional" and judge(looks[:-1], losses).word != "collapsed":
        return None
    return verdict


@dataclass(frozen=True)
class _Gain:
    """One number before and after training."""

    name: str
    before: float
    after: float
    pictures: int

    @property
    def by(self) -> float:
        return self.after - self.before

    @property
    def noise(self) -> float:
        return noise(self.before, self.pictures)

    @property
    def numbers(self) -> dict[str, float]:
        return {f"{self.name}_before": self.before, self.name: self.after, "noise": self.noise}

    @property
    def sentence(self) -> str:
        words = {
            "knn": "online kNN",
            "linear": "online linear",
            "recognised": "recognition of a picture in another view",
        }
        return f"{words[self.name]} went from {self.before:.1%} before training to {self.after:.1%}"


def _gains(first: dict[str, Any], last: dict[str, Any]) -> list[_Gain]:
    counts = {"knn": "queries", "linear": "queries", "recognised": "pairs"}
    return [
        _Gain(name, first[name], last[name], last[count])
        for name, count in counts.items()
        if name in first and name in last and count in last
    ]


def _diverged(
    first: dict[str, Any], last: dict[str, Any], losses: Sequence[float]
) -> Verdict | None:
    """Weights or loss out of all proportion: the sign of too large a rate where batch-norm hides it."""
    if _fall(losses) >= REWARDED and _point(first, last):
        return None
    growth = last.get("growth", 1.0)
    advice = "Try a lower optimiser.rate or a longer optimiser.warmup."
    if growth > GROWN:
        text = f"A weight matrix of the encoder grew {growth:.1f}-fold and nothing was gained"
        return Verdict("diverged", f"{text}. {advice}", "", {"growth": growth})
    fall = _fall(losses)
    if fall < -1:
        text = f"The loss rose to {1 - fall:.1f} times what it was and nothing was gained"
        return Verdict("diverged", f"{text}. {advice}", "", {"fall": fall})
    return None


def _collapsed(first: dict[str, Any], last: dict[str, Any]) -> Verdict | None:
    """One point, or few directions."""
    if point := _point(first, last):
        name, value, what = point
        advice = "Check what should prevent it: negatives, variance term, predictor, teacher."
        text = f"Complete collapse: {what}, and nothing was gained. {advice}"
        return Verdict("collapsed", text, "complete", {name: value})
    rank, before = last["effective_rank"], first["effective_rank"]
    if rank < SHRUNK * before:
        return Verdict(
            "collapsed",
            f"Dimensional collapse: effective rank {rank:.1f} ({before:.1f} before training), and nothing "
            "was gained. Try a stronger decorrelation or a lower optimiser.rate.",
            "dimensional",
            {"effective_rank": rank, "effective_rank_before": before},
        )
    return None


def _point(first: dict[str, Any], last: dict[str, Any]) -> tuple[str, float, str] | None:
    """What became one point: the number's name, its value, and both in words."""
    for name, what in (("feature_std", "features"), ("projection_std", "projections")):
        if last.get(name, 1.0) < DEAD:
            words = f"all pictures get nearly the same {what} (spread {last[name]:.3f}, where 1 is isotropic)"
            return name, last[name], words
    size = last.get("projection_size", 1.0) / max(first.get("projection_size", 1.0), 1e-12)
    if size < VANISHED:
        words = f"the projections shrank to a point (deviation {size:.1%} of what it was before training)"
        return "projection_size", size, words
    return None


def carried(first: dict[str, Any], last: dict[str, Any]) -> float | None:
    """Share of the fall of the loss that carries over to pictures held back; None where it cannot be told.

    It cannot where nothing is held back, or where the loss fell by less than the two kinds of pictures
    differed before training, which is chance.
    """
    if "loss_held" not in first or "loss_held" not in last:
        return None
    taught = first["loss_taught"] - last["loss_taught"]
    chance = abs(first["loss_held"] - first["loss_taught"])
    if taught <= max(2 * chance, FLAT * abs(first["loss_taught"])):
        return None
    return float((first["loss_held"] - last["loss_held"]) / taught)


def _short(
    first: dict[str, Any], last: dict[str, Any], gained: bool, ended: bool
) -> Verdict | None:
    """Learnt by heart, or the same few pictures over and over."""
    share = carried(first, last)
    different, bank = last.get("different", 1), last.get("bank", 1)
    advice = "Try more pictures, stronger views, fewer epochs or a smaller encoder."
    copies = (
        f" Of {bank} training pictures looked at {different} are different."
        if different <= COPIES * bank
        else ""
    )
    if share is not None and share < (HEART if gained else CARRIED):
        return Verdict(
            "short of data",
            f"Learnt by heart: {max(share, 0):.0%} of the fall of the loss carries over to pictures held back "
            f"(loss {last['loss_taught']:.3g} on training pictures, {last['loss_held']:.3g} on those; "
            f"{first['loss_taught']:.3g} and {first['loss_held']:.3g} before training).{copies} {advice}",
            "",
            {"carried": share},
        )
    if copies and not gained and ended:
        return Verdict(
            "short of data",
            f"Nothing gained, and the pictures are mostly copies.{copies} {advice}",
            "",
            {"different": float(different), "bank": float(bank)},
        )
    return None


def _fall(losses: Sequence[float]) -> float:
    """Relative fall from the first tenth of the losses to the last tenth; a rise is negative."""
    if not losses:
        return 0.0
    tenth = max(len(losses) // 10, 1)
    before, after = sum(losses[:tenth]) / tenth, sum(losses[-tenth:]) / tenth
    return (before - after) / max(abs(before), 1e-12)


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
