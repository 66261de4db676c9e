"""Carry a plan out: build the contenders, time them in turn, say where the time went."""

import gc
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from selftaught.benchmarking.plan import Plan

Say = Callable[[str], None]


def bench(plan: Plan, say: Say = lambda sentence: None) -> dict[str, Any]:
    """Measure every contestant; returns where (``environment``) and what (``rows``).

    Raises:
        Refusal: something does not fit together; nothing was measured.
        RunFailed: memory ran out, or a loss was no number.
    """
    from selftaught.benchmarking import noise
    from selftaught.benchmarking.row import measured
    from selftaught.runs import environment
    from selftaught.training import prepare
    from selftaught.training.machine import shortages_named

    splits = noise.splits() if plan.noise else None
    for _, run in plan.contestants[1:]:
        prepare(run, splits)
    content: dict[str, Any] = {"environment": environment(), "repeats": plan.repeats, "rows": []}
    for contestant, run in plan.contestants:
        setup = prepare(run, splits)
        setup = replace(setup, stages=setup.stages[-1:])  # a step is measured as the last ones are
        with shortages_named(run.batch), tempfile.TemporaryDirectory() as folder:
            row = measured(contestant, setup, plan, Path(folder) / "run", say)
        content["rows"].append(row)
        gc.collect()  # contenders hold themselves; their workers and memory should not meet the next row
        say(
            f"{contestant}: {row['pictures_per_second']:,.0f} pictures/s, "
            f"{row['share_of_floor']:.1%} of the floor"
        )
    return content
