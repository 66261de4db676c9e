"""Robustness (Hendrycks and Dietterich, 2019), https://arxiv.org/abs/1903.12261.

How much of its accuracy does a linear probe keep when pictures are corrupted or attacked, or labels false?

The probe is that of ``linear``: learnt from frozen features of clean pictures, its penalty chosen on clean
held ones. It then reads the queries under each of the 15 common corruptions at strengths 1 to 5
(``selftaught.corruptions``), and under FGSM and PGD through encoder and probe together (``attacks``), in
float32. False labels are those of ``label_noise``. Every encoder reads the same pictures, corrupted alike and
attacked from the same starts.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.corruptions import CORRUPTIONS, KINS, STRENGTHS, corrupt_each, table
from selftaught.corruptions.draws import Draws
from selftaught.evaluation import attacks, label_noise, linear
from selftaught.evaluation.results import Pool, Result, Subject, curve
from selftaught.keys import Keys, shuffle
from selftaught.measures import Measure
from selftaught.types import Count, Numbers, Positive, Shares

MEASURE = Measure("corrupted_accuracy", title="accuracy under corruptions")

VALUES = 2**19
"""Values of the pictures that a CPU corrupts or attacks at once: 170 of 32 pixels, 3 of 224."""

SEED = 0
"""Of the corruptions and of the attacks' starts."""

LEVELS = 255
"""Strengths of attacks are given in steps of 8-bit pictures."""


def protocol(
    pool: Pool,
    subject: Subject,
    *,
    pictures: Count = 500,
    attacked: Count = 200,
    strengths: Numbers = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0),
    steps: Count = 20,
    step_size: Positive = 2.5,
    shares: Shares = (0.0, 0.2, 0.4, 0.6, 0.8),
) -> Result:
    """The mean accuracy over all corruptions and strengths; attacks and false labels are in the scores.

    Args:
        pictures: queries that are corrupted, at most.
        attacked: queries that are attacked, at most.
        strengths: of the attacks, in 255ths: the largest change of a value.
        steps: of PGD.
        step_size: a step of PGD is step_size * strength / steps.
        shares: probabilities with which a label that the probe learns from is replaced.
    """
    probe = linear.learnt(pool).probe
    chosen = shuffle(len(pool.queries), SEED, epoch=0)
    few = chosen[:pictures].sort().values
    found = corrupted(pool, subject, probe, few)
    answers = pool.answers[few.to(pool.answers.device)]
    clean, mean = float(found[:, 0].mean()), float(found[:, 1:].mean())
    grid = (0.0, *sorted(set(strengths)))
    rows = chosen[:attacked].sort().values
    withstood = withstanding(pool, subject, probe, rows, grid, steps=steps, step_size=step_size)
    median = attacks.median_strength(grid, withstood["pgd"])
    noisy = label_noise.learnt(pool, shares)
    return Result.measured(
        pool,
        MEASURE,
        mean,
        scores={
            "clean_accuracy": clean,
            "relative_drop": 1 - mean / clean if clean else 0.0,
            **{f"{kin}_accuracy": value for kin, value in _by_kin(found).items()},
            **({} if median is None else {"pgd_median_norm": median}),
            **label_noise.scores(noisy),
        },
        curves={
            **_curves(found),
            **{
                name: curve(grid, values, across="largest change, in 255ths", up="accuracy")
                for name, values in withstood.items()
            },
            "label_noise": label_noise.drawn(noisy),
        },
        l2=probe.l2,
        l2_under_label_noise={f"{each.share:g}": each.l2 for each in noisy},
        chosen_on=pool.chosen_on,
        corrupted_pictures=len(few),
        # What one guess for all of them would reach, under any corruption.
        corrupted_largest_class=int(answers.bincount().max()) / len(few),
        attacked_pictures=len(rows),
        corruption_table=table(subject.clean.size),
        frost="drawn, as the published photographs are not shipped",
        attack="L-infinity, in 255ths; PGD from a random start, and what a smaller change fools is fooled",
        median_norm="where the line through PGD's points falls to half of the rightly classified, in 255ths"
        + (f"; more than half withstand {grid[-1]:g}" if median is None else ""),
        seed=SEED,
    )


def corrupted(
    pool: Pool, subject: Subject, probe: linear.Probe, rows: Int64[Tensor, " m"]
) -> Float[Tensor, "15 6"]:
    """Accuracy of the probe on these queries, by corruption and strength (0 is none); on the CPU."""
    right = torch.zeros(len(CORRUPTIONS), STRENGTHS + 1, dtype=torch.float64)
    for place, pictures in subject.shown(subject.queries, rows, at_once(subject)):
        keys = Keys(SEED, 0, place.to(subject.device))
        answers = pool.answers[place.to(pool.answers.device)]

        def hits(shown: Tensor, answers: Tensor = answers) -> int:
            with torch.no_grad():
                given = probe.predict(subject.encode(shown, subject.dtype))
            return int((given.to(answers.device) == answers).sum())

        right[:, 0] += hits(pictures)
        for row, name in enumerate(CORRUPTIONS):
            every = corrupt_each(pictures, name, range(1, STRENGTHS + 1), keys)
            for strength, made in enumerate(every, 1):
                right[row, strength] += hits(made)
    return right / len(rows)


def withstanding(
    pool: Pool,
    subject: Subject,
    probe: linear.Probe,
    rows: Int64[Tensor, " m"],
    grid: Sequence[float],
    *,
    steps: int,
    step_size: float,
) -> dict[str, list[float]]:
    """Accuracy of encoder and probe on these queries under FGSM and PGD, at each strength of the grid.

    Args:
        grid: in 255ths, in rising order.
    """
    weights, bias = (part.to(subject.device, torch.float32) for part in probe.plain())

    def logits(pictures: Tensor) -> Tensor:
        return torch.addmm(bias, subject.encode(pictures, torch.float32), weights)

    strengths = [each / LEVELS for each in grid]
    found: dict[str, list[Tensor]] = {"fgsm": [], "pgd": []}
    for place, pictures in subject.shown(subject.queries, rows, at_once(subject)):
        labels = pool.answers[place.to(pool.answers.device)].to(subject.device)
        draws = Draws(Keys(SEED, 0, place.to(subject.device)))
        start = draws.uniforms("pgd", *pictures.shape[1:3])
        found["fgsm"].append(attacks.withstood_fgsm(logits, pictures, labels, strengths))
        found["pgd"].append(
            attacks.withstood_pgd(
                logits, pictures, labels, start, strengths, steps=steps, step_size=step_size
            )
        )
    return {name: torch.cat(parts, dim=1).float().mean(1).tolist() for name, parts in found.items()}


def at_once(subject: Subject) -> int:
    """How many pictures are worked on together: as many as a CPU's cache likes, more on a GPU."""
    values = subject.queries.channels * subject.clean.size**2
    few = VALUES if subject.device.type == "cpu" else 16 * VALUES
    return min(max(1, few // values), subject.batch)


def _by_kin(found: Float[Tensor, "15 6"]) -> dict[str, float]:
    """The mean over the corruptions and strengths of each kin."""
    names = list(CORRUPTIONS)
    return {
        kin: float(found[[names.index(name) for name in members], 1:].mean())
        for kin, members in KINS.items()
    }


def _curves(found: Float[Tensor, "15 6"]) -> dict[str, dict[str, Any]]:
    """Accuracy against strength: one curve a corruption."""
    strengths = [float(strength) for strength in range(STRENGTHS + 1)]
    return {
        name: curve(strengths, values, across="strength of the corruption", up="accuracy")
        for name, values in zip(CORRUPTIONS, found.tolist(), strict=True)
    }
