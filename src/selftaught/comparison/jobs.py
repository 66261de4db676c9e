"""The runs of a comparison, one after the other in this process or several at once in others.

Small networks leave most of a machine idle: their operations are too short to be shared among cores. Two runs
of one thread each then finish in nearly half the time of two runs of two threads. Where there are several GPUs,
each process has one of its own as long as there are enough. A run's numbers do not depend on how many go on
beside it, but for the thread count (recorded in its ``results.json``).
"""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Literal

from selftaught import config
from selftaught.errors import Diverged, Interrupted, Refusal, RunFailed
from selftaught.launcher import cores

VISIBLE = "CUDA_VISIBLE_DEVICES"

TROUBLES = (RunFailed, MemoryError, OSError)
"""What ends one run and lets the others go on."""


@dataclass(frozen=True)
class Job:
    """One run to carry out.

    Attributes:
        run: its configuration.
        folder: its run folder.
        split: what it is judged on; None where there are no labels.
        protocols: how it is judged: protocol to each of its parameters.
        title: what to call it on the screen.
    """

    run: config.Run
    folder: Path
    split: Literal["validation", "test"] | None
    protocols: dict[str, dict[str, Any]]
    title: str


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        results: its ``results.json``; empty when it failed.
        known: whether it had been judged before.
        error: why it failed.
        diverged: whether a loss was no longer a number.
    """

    results: dict[str, Any]
    known: bool = False
    error: str | None = None
    diverged: bool = False


def gpus() -> list[str]:
    """The GPUs that this process may use, by the names that CUDA's environment gives them."""
    import torch

    count = torch.cuda.device_count()
    named = [name for name in os.environ.get(VISIBLE, "").split(",") if name]
    return (named or [str(place) for place in range(count)])[:count]


def shares(count: int) -> list[tuple[int, str | None]]:
    """What each of so many processes gets of this machine: threads, and a GPU if there is one."""
    seen: Sequence[str | None] = gpus() or [None]
    return [(max(1, cores() // count), seen[place % len(seen)]) for place in range(count)]


def carry_out(jobs: Sequence[Job], at_once: int = 1) -> Iterator[tuple[int, Outcome]]:
    """Carry the jobs out; yields the place of each in ``jobs`` and its outcome, as they end.

    Args:
        at_once: how many processes work on them; with 1 it is this one.

    Raises:
        Interrupted: a signal asked to stop; every run has saved.
    """
    if min(at_once, len(jobs)) <= 1:
        for place, job in enumerate(jobs):
            yield place, attempt(job)
    else:
        yield from _in_processes(jobs, min(at_once, len(jobs)))


def attempt(job: Job, *, live: bool = True) -> Outcome:
    """Carry one job out; what is there already is not done again.

    Args:
        live: whether progress may redraw its line on a terminal.

    Raises:
        Interrupted: a signal asked to stop; the run has saved.
    """
    from selftaught.runs import RunFolder, held
    from selftaught.training import carry_out, prepare

    try:
        folder = RunFolder.open(job.folder, job.run)
        known = bool(job.split and folder.results.get(job.split))
        setup = prepare(job.run)
        with held(folder.path):
            folder.same_data(setup.splits.mark)
            found = carry_out(
                setup,
                folder,
                split=job.split,
                protocols=job.protocols,
                changes=job.protocols,
                title=job.title,
                live=live,
            )
    except Interrupted:
        raise
    except Refusal as error:
        return Outcome({}, error=str(error))
    except TROUBLES as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        return Outcome({}, error=reason, diverged=isinstance(error, Diverged))
    except Exception as error:  # a mistake of ours: the others go on, and it can be read
        traceback.print_exc()
        return Outcome({}, error=f"{type(error).__name__}: {error}")
    return Outcome(found, known)


def _in_processes(jobs: Sequence[Job], count: int) -> Iterator[tuple[int, Outcome]]:
    from selftaught.training.interruption import listening

    workers = [_Worker(*share) for share in shares(count)]
    waiting = list(enumerate(jobs))
    try:
        with listening() as stop:
            for worker in workers:
                worker.give(*waiting.pop(0))
            while busy := {worker.pipe: worker for worker in workers if worker.place is not None}:
                if stop.number is not None:
                    break
                # A signal does not end this wait by itself (PEP 475), so it looks up now and then.
                for pipe in connection.wait(list(busy), timeout=0.2):
                    worker = busy[pipe]  # type: ignore[index]
                    yield worker.take()
                    if waiting and stop.number is None:
                        if not worker.process.is_alive():
                            workers[workers.index(worker)] = worker = worker.successor()
                        worker.give(*waiting.pop(0))
        if stop.number is not None:
            raise Interrupted(stop.number, "All runs are saved.")
    finally:
        for worker in workers:
            worker.dismiss()
        for worker in workers:
            worker.process.join()


class _Worker:
    """A process that carries out one job after another, and the pipe to it.

    Args:
        threads: how many torch may use there.
        gpu: the one that it may see; None leaves it what this process sees.
    """

    def __init__(self, threads: int, gpu: str | None) -> None:
        context = get_context("spawn")  # a fork would copy locks that torch's threads hold
        self.threads, self.gpu = threads, gpu
        self.pipe, other = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(other, threads, gpu))
        self.process.start()
        other.close()
        self.place: int | None = None

    def give(self, place: int, job: Job) -> None:
        self.place = place
        with suppress(BrokenPipeError):  # it died while it waited: ``take`` will say so
            self.pipe.send(job)

    def take(self) -> tuple[int, Outcome]:
        """The outcome of the job that it had been given."""
        assert self.place is not None
        place, self.place = self.place, None
        try:
            outcome: Outcome = self.pipe.recv()
        except (EOFError, ConnectionError):  # the latter where it died before it read its job
            self.process.join()
            code = self.process.exitcode
            outcome = Outcome(
                {},
                error=f"Its process ended with code {code}; at -9 the system was out of memory: give "
                "fewer --jobs. The same command goes on from the last checkpoint.",
            )
        return place, outcome

    def successor(self) -> "_Worker":
        """Another one in the place of one that died."""
        self.pipe.close()
        return _Worker(self.threads, self.gpu)

    def dismiss(self) -> None:
        """Idle, it ends by itself; at work, SIGTERM lets it save first."""
        if self.place is not None:
            self.process.terminate()
        self.pipe.close()


def _work(pipe: Connection, threads: int, gpu: str | None) -> None:
    """What a worker does: jobs in, outcomes out, until the pipe is closed."""
    import signal

    if gpu is not None:
        os.environ[VISIBLE] = gpu  # before torch looks

    import torch

    # Ctrl-C reaches every process of a terminal; the first one tells the workers, once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            outcome = attempt(job, live=False)
        except Interrupted as error:
            sys.exit(error.code)
        try:
            pipe.send(outcome)
        except BrokenPipeError:
            return
