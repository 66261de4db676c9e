"""How long recipes of one data set take from their first step to their last, and how good their encoders are.

``python benchmarks/speed.py budgets`` calls it. Seconds of whole runs compare badly: runs are hours apart,
and machines have other things to do. Here one step of every recipe, and of each stage of it
(``views.sides``), is timed in turn, round by round, and multiplied by the steps that the recipe asks for;
looks and checkpoints, a few in a run, are left out. The accuracies are those that stand in the recipes
(``measured``), whose tables are in ``results/``.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from selftaught import config
from selftaught.benchmarking.clock import Contender, Timing, interleave, ratio
from selftaught.benchmarking.full import Full
from selftaught.runs import environment
from selftaught.training import prepare
from selftaught.training.setup import Setup

RECIPES = ("cifar10-cpu", "cifar10-cpu-fast", "benchmarks/recipes/lightly")
"""The first is what the others are measured against."""

WITHOUT = {("vicreg", "benchmarks/recipes/lightly")}
"""Lightly publishes no recipe of it for CIFAR-10."""


def measure(
    methods: Sequence[str],
    *,
    root: str | None,
    device: str = "cpu",
    threads: int | None = None,
    repeats: int = 7,
    recipes: Sequence[str] = RECIPES,
) -> dict[str, Any]:
    """The table: where it was measured and its rows.

    Args:
        root: the folder that holds CIFAR-10; None is the usual one.
    """
    rows = []
    for method in methods:
        chosen = [recipe for recipe in recipes if (method, recipe) not in WITHOUT]
        own = _of_one(method, chosen, root, device, threads, repeats)
        rows += own
        for row in own:
            print(
                f"{method}, {row['recipe']}: {row['seconds']:.0f} s, {row['share']:.2f} of the first",
                file=sys.stderr,
            )
    return {"environment": environment(), "repeats": repeats, "rows": rows}


def _of_one(
    method: str,
    recipes: Sequence[str],
    root: str | None,
    device: str,
    threads: int | None,
    repeats: int,
) -> list[dict[str, Any]]:
    """A row for each recipe of a method, all timed in turn."""
    first, setups = recipes[0], {}
    for recipe in recipes:
        given: dict[str, Any] = {
            "data": "cifar10",
            "recipe": recipe,
            "device": device,
            "final": True,
        }
        given |= {"data.root": root} if root else {}
        given |= {"threads": threads} if threads else {}
        setups[recipe] = prepare(config.resolve(method, given))
    torch.set_num_threads(threads or torch.get_num_threads())
    with tempfile.TemporaryDirectory() as folder:
        contenders = {}
        for name, setup in setups.items():
            for stage, views in enumerate(setup.stages):
                alone = replace(prepare(setup.run), stages=(views,))  # weights of its own
                step = Full(alone, Path(folder) / str(len(contenders))).step
                contenders[_turn(name, stage)] = Contender(step, getattr(setup.source, "ahead", 0))
        timings = interleave(contenders, setups[first].device, repeats=repeats)
    rows = []
    whole = {name: _whole(setup, name, timings) for name, setup in setups.items()}
    for name, setup in setups.items():
        beside = ratio(whole[name], whole[first])
        run = setup.run
        rows.append(
            {
                "method": method,
                "recipe": name.removeprefix("benchmarks/recipes/"),
                "passes": run.epochs,
                "batch": run.batch,
                "views": len(setup.views.views),
                "steps": setup.steps,
                "threads": torch.get_num_threads(),
                "precision": str(setup.dtype).removeprefix("torch."),
                "sides": [stage.size for stage in setup.stages],
                "seconds_per_step": [
                    timings[_turn(name, stage)].seconds for stage in range(len(setup.stages))
                ],
                "seconds": whole[name].median,
                "share": beside.median,
                "share_range": beside.range,
                "knn": run.measured.knn,
                "linear": run.measured.linear,
                "seeds": run.measured.seeds,
            }
        )
    return rows


def _turn(recipe: str, stage: int) -> str:
    """What takes turns: one stage of a recipe."""
    return f"{recipe}, stage {stage}"


def _whole(setup: Setup, name: str, timings: Mapping[str, Timing]) -> Timing:
    """The seconds of a whole training, by each round's steps of its stages."""
    ends = [0, *setup.stage_ends()]
    steps = [end - start for start, end in pairwise(ends)]
    rounds = zip(*(timings[_turn(name, stage)].seconds for stage in range(len(steps))), strict=True)
    seconds = [sum(n * each for n, each in zip(steps, found, strict=True)) for found in rounds]
    return Timing(sum(steps), 0, seconds)
