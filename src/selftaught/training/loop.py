"""The training loop. If it does not fit on a page, something belongs in another room."""

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.amp import GradScaler

from selftaught.data import Fetched, Request, Resident
from selftaught.distributed import agreed, averaged, own_rows, rank, synchronise, world
from selftaught.errors import Interrupted
from selftaught.keys import Keys, shuffle
from selftaught.methods import Method, Outputs
from selftaught.runs import RunFolder
from selftaught.training import checkpoints, optimisers
from selftaught.training.batches import assemble
from selftaught.training.interruption import listening
from selftaught.training.learner import Learner
from selftaught.training.ledger import Ledger
from selftaught.training.progress import Reporter
from selftaught.training.setup import Setup, seed_dropout

SAVE_SECONDS = 60.0

PLANNED = 1024
"""Pictures whose views are planned together, of as many steps as it takes: a plan is hundreds of small
operations, which take 1 ms for 64 pictures and 2 for 1,024."""


def train(setup: Setup, folder: RunFolder, reporter: Reporter) -> float:
    """Train ``setup.model`` to its end, from its last checkpoint if there is one; returns the seconds.

    With ``monitor.stop_on_collapse`` its end is the look that shows a collapse, if one does.

    Raises:
        RunFailed: a loss is not finite, or the disk is full; the last good checkpoint stays.
        Interrupted: a signal asked to stop; everything is saved.
    """
    run = setup.run
    learner = ready(setup)
    method = learner.method
    file = folder.path / "checkpoint.safetensors"
    facts = checkpoints.load(file, learner)
    start: int = facts.get("step", 0)
    folder.rewind(start)
    reporter.begins(start)
    ledger = Ledger(setup, folder, reporter, facts.get("seconds", 0.0))
    if start == 0:
        ledger.look(start, method, None)
    elif ledger.collapse():
        return ledger.seconds
    saved = time.monotonic()
    with listening() as stop:
        for step, outputs, rate in steps(setup, learner, start):
            ledger.note(step, outputs, rate)
            ends = step == setup.steps
            if ends or step % (setup.per_epoch * run.monitor.every) == 0:
                ledger.flush(step, rate)
                ledger.look(step, method, outputs.projections)
                ends = ends or ledger.collapse() is not None
            late = time.monotonic() - saved > SAVE_SECONDS
            done, due, signal = agreed(ends, late, stop.number or 0)
            if done or due or signal:
                ledger.flush(step, rate)
                if rank() == 0:
                    checkpoints.save(file, learner, step=step, seconds=ledger.seconds)
                saved = time.monotonic()
            if done:
                break
            if signal:
                raise Interrupted(signal, f"Saved at step {step} of {setup.steps}.")
    return ledger.seconds


def ready(setup: Setup) -> Learner:
    """The method on its device, in training, and the optimiser over its parameters."""
    method = setup.model
    assert isinstance(method, Method)
    method.to(setup.device).to(memory_format=torch.channels_last).train()
    synchronise(method, setup.device)
    optimiser = optimisers.build(setup.run.optimiser, method, setup.run.batch)
    scaler = GradScaler(setup.device.type, enabled=setup.dtype == torch.float16)
    return Learner(method, optimiser, scaler)


def steps(
    setup: Setup,
    learner: Learner,
    start: int,
    ended: Callable[[str], None] = lambda part: None,
) -> Iterator[tuple[int, Outputs, float]]:
    """Take the steps from ``start`` on: after each its number (the first is 1), outputs and rate.

    Args:
        ended: is told each part of a step as it ends; whoever measures listens.
    """
    run, device, method = setup.run, setup.device, learner.method
    called = averaged(method)
    forward = torch.compile(called) if setup.compiled else called
    half = setup.dtype != torch.float32

    for step, fetched in enumerate(answers(setup, start), start):
        ended("reading")
        progress = step / setup.steps
        rate = optimisers.set_rate(learner.optimiser, progress, run.optimiser.warmup)
        batch = assemble(setup, method, fetched, step)
        seed_dropout(device, run.seed, step, rank())
        ended("views")

        with torch.autocast(device.type, setup.dtype, enabled=half):
            outputs = forward(batch)
            loss = torch.stack(list(outputs.losses.values())).sum()
        ended("forward")
        learner.backward(loss)
        ended("backward")
        method.after_backward(progress)
        learner.step()
        ended("optimiser")
        method.after_step(outputs, progress)
        ended("after_step")
        yield step + 1, outputs, rate


def answers(setup: Setup, start: int) -> Iterator[Fetched]:
    """What each step from ``start`` on asked for, stage by stage."""
    # A set that lives in memory lives on the device while it trains: a batch is then one gather.
    source = setup.source.to(setup.device) if isinstance(setup.source, Resident) else setup.source
    for views, end in zip(setup.stages, setup.stage_ends(), strict=True):
        if start < end:
            yield from source.fetch(requests(setup, start, end), views.crop)
            start = end


def requests(setup: Setup, start: int, end: int | None = None) -> Iterator[Request]:
    """What each step from ``start`` on asks for: pure in seed and step, so a resumed run asks the same.

    Of several ranks each asks for its slice of the batch.
    """
    run, source, last = setup.run, setup.source, setup.steps if end is None else end
    own = own_rows(run.batch // world())  # of the global batch
    positions = torch.arange(run.batch)[own]
    order, known = positions, -1
    lots: list[Tensor] = []
    for step in range(start, last):
        epoch, place = divmod(step, setup.per_epoch)
        if epoch != known:
            order, known = shuffle(len(source), run.seed, epoch), epoch
        lots.append(order[place * run.batch : (place + 1) * run.batch][own])
        after = step + 1
        if len(lots) * len(positions) >= PLANNED or after in (last, *setup.stage_ends()):
            keys = Keys.of_steps(run.seed, range(after - len(lots), after), positions)
            plan = setup.shown_at(step).plan(keys, source.sizes[torch.cat(lots)])
            yield from map(Request, lots, plan.split(len(positions)))
            lots = []
