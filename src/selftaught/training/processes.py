"""The run folder of several processes that train together.

All go through the same steps, decide alike and note the same numbers. The first writes the run folder; each
other one has a folder of its own, which begins with what training reads there and is thrown away in the end,
so that training need not ask who writes. The run folder must lie where all processes see it.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from selftaught import launcher
from selftaught.distributed import agreed, joined, rank, wait_for_all, world
from selftaught.errors import Refusal
from selftaught.runs import RunFolder, held
from selftaught.training.setup import Setup

COPIED = ("run.yaml", "environment.json", "length.json", "metrics.jsonl", "results.json")
CHECKPOINT = "checkpoint.safetensors"
READ = (*COPIED, CHECKPOINT)
"""What training reads of a run that was begun before."""

PATIENCE = 40.0
"""Seconds until what one machine wrote must be seen by the others: NFS may look for 30 at what it knows."""


@contextmanager
def together(setup: Setup, path: Path, *, fresh: bool = False) -> Iterator[RunFolder]:
    """While inside, all processes that were started together train one run, each with a folder to write to.

    Args:
        setup: of the run.
        path: of the run folder, which the first process makes, or goes on in.
        fresh: as ``RunFolder.open`` takes it.

    Raises:
        Refusal, RunFailed: the folder cannot be used, in all processes; another command works in it, or not
            all processes see it.
    """
    with joined(setup.device, launcher.processes()), _own_folder(setup, path, fresh) as folder:
        yield folder


@contextmanager
def _own_folder(setup: Setup, path: Path, fresh: bool) -> Iterator[RunFolder]:
    """The run folder for the first process, which holds it, and for another one its own."""
    folder, trouble = RunFolder(path), None
    with ExitStack() as stack:
        if rank() == 0:
            try:
                folder = RunFolder.open(path, setup.run, fresh=fresh)
                stack.enter_context(held(path))
                folder.same_data(setup.splits.mark)
            except Exception as error:  # whatever it is, the others wait
                trouble = error
        (refused,) = agreed(trouble is not None)
        if trouble is not None:
            raise trouble
        if refused:
            raise Refusal("the first process, which writes, could not begin.")
        if world() > 1:
            _see_the_same(path)
        if rank() > 0:
            own = stack.enter_context(tempfile.TemporaryDirectory(prefix="selftaught-"))
            folder = _copied(path, Path(own))
        wait_for_all()  # before the first process changes anything
        yield folder


def _see_the_same(path: Path) -> None:
    """Wait until all processes see one run folder, which lies on one disk or on one that machines share.

    Raises:
        Refusal: they do not; in all processes.
    """
    until = time.monotonic() + PATIENCE
    while True:
        sizes = [(path / name).stat().st_size if (path / name).is_file() else -1 for name in READ]
        found = agreed(*sizes, *(-size for size in sizes), time.monotonic() > until)
        largest, smallest, late = found[: len(READ)], found[len(READ) : -1], found[-1]
        if all(high == -low for high, low in zip(largest, smallest, strict=True)):
            return
        if late:
            raise Refusal(
                f"not all processes see the same {path.resolve()}; give --out a folder that all machines share."
            )
        time.sleep(1)


def _copied(path: Path, own: Path) -> RunFolder:
    for name in COPIED:
        if (path / name).is_file():
            shutil.copyfile(path / name, own / name)
    if (path / CHECKPOINT).is_file():  # read once, and then put another in the place of
        (own / CHECKPOINT).symlink_to((path / CHECKPOINT).resolve())
    return RunFolder(own)
