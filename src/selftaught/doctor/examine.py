"""The whole examination: read, compare, ask the setups, take a few steps, and say what it means."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from selftaught import config, runs
from selftaught.doctor import duplicates, statistics
from selftaught.doctor.advice import advice
from selftaught.doctor.album import open_album
from selftaught.doctor.choices import choices
from selftaught.doctor.cost import cost
from selftaught.doctor.counting import stoppable
from selftaught.doctor.pairs import Pair, pairs_between
from selftaught.errors import Refusal, RunFailed
from selftaught.training import Setup, prepare
from selftaught.training.showing import first_views


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        content: everything, as JSON; ``reports.checkup`` writes it for people.
        views: a sheet (WebP) of each method's views.
        pairs: near-duplicates between two sides of the division, to look at.
        groups: a CSV for ``data.labels`` that keeps families together; None without families, or without
        files.
    """

    content: dict[str, Any]
    views: dict[str, bytes] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    groups: str | None = None


@stoppable()
def examine(settings: Sequence[config.Run], budget: float) -> Examination:
    """Examine the data of some runs that differ in their method alone.

    Args:
        budget: about how many seconds the measuring of each method's cost may take.

    Raises:
        Refusal: there are no pictures to examine.
        Interrupted: Ctrl-C; nothing is left behind.
    """
    began = time.monotonic()
    album = open_album(settings[0].data)
    twins = duplicates.find(album)
    content: dict[str, Any] = {
        "data": settings[0].data.name,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "refusal": album.refusal,
        "counts": statistics.counts(album),
        "files": statistics.files(album),
        "sizes": statistics.sizes(album),
        "kinds": statistics.kinds(album),
        "colour": statistics.colour(album),
        "classes": statistics.classes(album),
        "groups": statistics.groups(album),
        "duplicates": duplicates.described(album, twins),
    }
    splits, sizes = album.splits, torch.from_numpy(album.sizes)
    families = album.listing is not None and len(twins.first) > 0
    groups = duplicates.groups_file(album, twins) if families else None
    pairs = pairs_between(album, content["duplicates"]["between"])
    content["seconds"] = {"reading": round(time.monotonic() - began, 1)}
    # What follows measures memory: a training would not hold the measures of every picture.
    del album, twins
    gc.collect()

    plans: list[dict[str, Any]] = []
    costs: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    unmeasured: list[dict[str, str]] = []
    views: dict[str, bytes] = {}
    began = time.monotonic()
    for run in settings if splits is not None else ():
        name = run.method.name
        try:
            setup: Setup = prepare(run, splits)
            plans.append(choices(setup))
            views[name] = first_views(setup)
        except Refusal as error:
            refused.append({"method": name, "reason": str(error)})
            continue
        try:
            if budget > 0:
                costs.append(cost(setup, budget))
        except (Refusal, RunFailed) as error:
            unmeasured.append({"method": name, "reason": str(error)})
        del setup
        gc.collect()
    content["seconds"]["cost"] = round(time.monotonic() - began, 1)
    if plans and len(sizes):
        below = sizes.min(dim=1).values < plans[0]["size"]
        content["sizes"]["below_view"] = int(below.sum())
    content |= {
        "choices": plans,
        "costs": costs,
        "refused_methods": refused,
        "unmeasured": unmeasured,
        "environment": runs.environment(),
    }
    content["advice"] = [each._asdict() for each in advice(content)]
    return Examination(content, views, pairs, groups)
