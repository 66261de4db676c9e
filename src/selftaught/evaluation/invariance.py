"""Invariance (Ericsson, Gouk and Hospedales, 2021), https://arxiv.org/abs/2111.11398, section 3.

What is an encoder blind to: which changes of a picture leave its features where they were?

A picture is changed by one operation alone, as the views of the methods are changed by several, and its
features are compared with those of the clean view. The paper takes the cosine of the two; but an encoder
whose features all point one way has a high cosine between any two pictures. So the distance 1 - cosine is
set in relation to that between two different pictures: 1 says that the change does not move the features,
0 that it moves them as far as another picture lies, or further.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.data import Request
from selftaught.evaluation.results import Pool, Result, Subject, curve
from selftaught.evaluation.spectrum import mean_cosine
from selftaught.keys import Keys, shuffle
from selftaught.measures import Measure
from selftaught.types import Count, Fractions
from selftaught.views.batched import blur
from selftaught.views.engine import Views
from selftaught.views.presets import CLEAN, SIMCLR, View

MEASURE = Measure("unmoved", title="share of the features that stays", higher=None)
SEED = 0
ALIKE = 1e-6
"""A distance between pictures under which an encoder does not tell them apart."""

COLOURED = ("saturation", "hue", "grayscale")
"""What changes nothing, or does not exist, without three colours."""

WHOLE = ("flip", "quarter_turn", "grayscale", "solarise")
"""What is done or not done: it has no strength."""


def law(operation: str, strength: float) -> View:
    """One operation at a share of the strength that SimCLR's views have at most (2020, appendix A).

    Args:
        strength: in (0, 1]; of a crop the share of the way to 8 % of the area, of the blur to 2 pixels, of the
            colours to 0.8 (hue: 0.2 of a turn), drawn evenly up to there in both directions.
    """
    jitter = [0.0, 0.0, 0.0, 0.0]
    colours = ("brightness", "contrast", "saturation", "hue")
    if operation in colours:
        jitter[colours.index(operation)] = strength * SIMCLR.jitter[colours.index(operation)]
    assert SIMCLR.crop is not None
    area = 1 - strength * (1 - SIMCLR.crop[0])
    return View(
        crop=(area, area) if operation == "crop" else None,
        flip=1.0 if operation == "flip" else 0.0,
        jitter=(jitter[0], jitter[1], jitter[2], jitter[3]),
        jitter_probability=1.0 if operation in colours else 0.0,
        grayscale=1.0 if operation == "grayscale" else 0.0,
        blur=1.0 if operation == "blur" else 0.0,
        sigma=(strength * SIMCLR.sigma[1],) * 2,
        solarise=1.0 if operation == "solarise" else 0.0,
    )


def operations(channels: int, size: int) -> tuple[str, ...]:
    """What can be done to pictures of so many channels and pixels a side."""
    every = (
        "crop",
        "flip",
        "quarter_turn",
        "brightness",
        "contrast",
        *COLOURED,
        "blur",
        "solarise",
    )
    return tuple(
        name
        for name in every
        if (channels == 3 or name not in COLOURED) and (blur.radius(size) > 0 or name != "blur")
    )


def unmoved(clean: Float[Tensor, "n d"], changed: Float[Tensor, "n d"], between: float) -> float:
    """1 less the mean distance of a picture to itself changed, in that between two pictures; 0 at least.

    Args:
        between: mean of 1 - cosine over pairs of different pictures. Where it is nothing, no change can move
            the features either: 1.
    """
    if between < ALIKE:
        return 1.0
    moved = 1 - F.cosine_similarity(clean.double(), changed.double(), dim=-1).mean()
    return max(0.0, 1 - float(moved) / between)


def protocol(
    pool: Pool,
    subject: Subject,
    *,
    pictures: Count = 500,
    strengths: Fractions = (0.25, 0.5, 0.75, 1.0),
) -> Result:
    """The mean over all changes at full strength; each by itself is a score and a curve.

    Args:
        pictures: queries that are changed, at most.
        strengths: of each change that has one, as shares of the strongest in SimCLR's views.
    """
    rows = shuffle(len(subject.queries), SEED, epoch=0)[:pictures].sort().values
    clean = _features(subject, CLEAN, rows)
    between = 1 - mean_cosine(clean) if len(clean) > 1 else 0.0
    names = operations(subject.queries.channels, subject.clean.size)
    grid = sorted(set(strengths))
    found = {
        name: _along(subject, name, [1.0] if name in WHOLE else grid, rows, clean, between)
        for name in names
    }
    full = {name: values[-1] for name, values in found.items()}
    return Result.measured(
        pool,
        MEASURE,
        sum(full.values()) / len(full),
        scores=full,
        curves={
            name: curve(
                [1.0] if name in WHOLE else grid,
                values,
                across="strength, of the strongest in SimCLR's views",
                up="share unmoved",
            )
            for name, values in found.items()
        },
        mean_distance_between_pictures=between,
        changed_pictures=len(rows),
        chosen_on="nothing is chosen",
        seed=SEED,
    )


def _along(
    subject: Subject,
    name: str,
    strengths: Sequence[float],
    rows: Int64[Tensor, " m"],
    clean: Float[Tensor, "m d"],
    between: float,
) -> list[float]:
    """What stays under one operation, at each strength."""
    turns = 1 if name == "quarter_turn" else 0
    return [
        unmoved(clean, _features(subject, law(name, strength), rows, turns), between)
        for strength in strengths
    ]


def _features(
    subject: Subject, view: View, rows: Int64[Tensor, " m"], turns: int = 0
) -> Float[Tensor, "m d"]:
    """Features of some queries by another view than the clean one, turned by quarters; on the CPU."""
    source = subject.queries
    views = Views(
        (view,),
        size=subject.clean.size,
        channels=source.channels,
        levels=source.levels,
        mean=subject.splits.mean,
        std=subject.splits.std,
    )
    requests = [
        Request(part, views.plan(Keys(SEED, 0, part), source.sizes[part]))
        for part in torch.split(rows, subject.batch)
    ]
    blocks = []
    for fetched in source.fetch(requests, views.crop):
        given: Any = fetched.given
        given = (
            given.to(subject.device)
            if isinstance(given, Tensor)
            else [crop.to(subject.device) for crop in given]
        )
        shown = views.apply(given, fetched.request.plan.to(subject.device))[0]
        with (
            torch.inference_mode(),
            torch.autocast(
                subject.device.type, subject.dtype, enabled=subject.dtype != torch.float32
            ),
        ):
            blocks.append(subject.encoder(shown.rot90(turns, (-2, -1))).float().cpu())
    return torch.cat(blocks)
