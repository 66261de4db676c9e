"""One contestant, measured: a row of the table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from selftaught.benchmarking import flops, parts, peers
from selftaught.benchmarking.clock import Contender, Timing, interleave, ratio
from selftaught.benchmarking.floor import Floor
from selftaught.benchmarking.full import Full
from selftaught.benchmarking.plan import Plan
from selftaught.training.machine import PeakMemory
from selftaught.training.setup import Setup

MEMORY_STEPS = 2
"""Steps before memory is watched, and while it is: all that is ever allocated is allocated then."""


def measured(
    contestant: str, setup: Setup, plan: Plan, folder: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Time the full step, its floor and the peers in turn.

    Args:
        contestant: as it was written.
        setup: of its run; its method is trained.
        folder: where the ledger writes.
    """
    run, device = setup.run, setup.device
    torch.set_num_threads(run.threads or torch.get_num_threads())
    if setup.compiled or plan.compiled:
        torch.compiler.reset()  # a row is what it would be alone
    full = Full(setup, folder)
    memory_bytes = _peak_memory(full, device)
    bare = Floor(setup, compiled=False)
    operations = flops.counted(bare.step)
    floors = _floors(bare, setup, plan)

    others = {
        f"{peer} {name}": (peer, name, beside)
        for peer in plan.against
        for name, beside in peers.beside(peer, setup, say).items()
    }
    contenders = {
        **{form: Contender(floor.step) for form, floor in floors.items()},
        "full": Contender(full.step, getattr(setup.source, "ahead", 0)),
        **{key: beside.contender for key, (*_, beside) in others.items()},
    }
    timings = interleave(contenders, device, repeats=plan.repeats)
    form = min(floors, key=lambda form: timings[form].median)
    floor, whole, least = floors[form], timings["full"], timings[form]
    share = ratio(least, whole)
    where = parts.watch(full, floor, device, repeats=max(plan.repeats, 3))
    peak = flops.peak(device, setup.dtype, plan.peak_tflops)
    return {
        **_what(contestant, setup),
        "pictures_per_second": run.batch / whole.median,
        "floor_pictures_per_second": run.batch / least.median,
        "share_of_floor": share.median,
        "share_of_floor_range": share.range,
        "parts": parts.shares(where, whole.median, share.median),
        "peak_memory_bytes": memory_bytes,
        "flops_per_picture": operations / run.batch,
        "flops_per_second": operations / whole.median,
        "peak_flops_per_second": peak,
        "model_flop_utilisation": None if peak is None else operations / whole.median / peak,
        "floor_form": form,
        "floor_forms": {form: run.batch / timings[form].median for form in floors},
        "seconds_per_step": whole.seconds,
        "floor_seconds_per_step": least.seconds,
        "steps_per_block": whole.steps,
        "against": [
            {"peer": peer, "configuration": name}
            | _beside(timings[key], whole, run.batch)
            | {"settings": beside.settings}
            for key, (peer, name, beside) in others.items()
        ],
    }


def _what(contestant: str, setup: Setup) -> dict[str, Any]:
    """What was measured."""
    run, device = setup.run, setup.device
    return {
        "method": run.method.name,
        "contestant": contestant,
        "data": setup.splits.name,
        "encoder": run.encoder.name,
        "stem": run.encoder.stem,
        "views": [view.size or setup.views.size for view in setup.views.views],
        "parameters": run.parameters(),
        "optimiser": run.optimiser.name,
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "threads": torch.get_num_threads(),
        "precision": str(setup.dtype).removeprefix("torch."),
        "compiled": setup.compiled,
        "batch": run.batch,
    }


def _peak_memory(full: Full, device: torch.device) -> int:
    """Bytes that full steps hold at most, before anything else is built."""
    for _ in range(MEMORY_STEPS):
        full.step()
    memory = PeakMemory(device)
    for _ in range(MEMORY_STEPS):
        full.step()
    return memory.read()


def _floors(eager: Floor, setup: Setup, plan: Plan) -> dict[str, Floor]:
    """The eager floor and, where it is wanted, the compiled one: the faster of all rounds is the floor.

    To compile takes a minute on a CPU: where the run itself is not compiled, it is tried only if asked for.
    """
    wanted = setup.compiled if plan.compiled is None else plan.compiled
    return {"eager": eager} | ({"compiled": Floor(setup, compiled=True)} if wanted else {})


def _beside(theirs: Timing, ours: Timing, batch: int) -> dict[str, Any]:
    times = ratio(theirs, ours)
    return {
        "pictures_per_second": batch / theirs.median,
        "times_faster": times.median,
        "times_faster_range": times.range,
        "seconds_per_step": theirs.seconds,
    }
