"""The run folder of several processes that train together.

All go through the same steps, decide alike and note the same numbers. The first writes the run folder; each
other one has a folder of its own, which begins with what training reads there and is thrown away in the end,
so that training need not ask who writes. The run folder must lie where all processes see it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selftaught import launcher
from selftaught.distributed import agreed, joined, rank, wait_for_all, world
from selftaught.errors import Refusal, RunFailed
from selftaught.runs import RunFolder
from selftaught.training.setup import Setup

READ = (
    "run.yaml",
    "environment.json",
    "length.json",
    "metrics.jsonl",
    "checkpoint.safetensors",
    "results.json",
)
"""What training reads of a run that was begun before."""


@contextmanager
def together(setup: Setup, path: Path, *, fresh: bool = False) -> Iterator[RunFolder]:
    """While inside, all processes that were started together train one run, each with a folder to write to.

    Args:
        setup: of the run.
        path: of the run folder, which the first process makes, or goes on in.
        fresh: as ``RunFolder.open`` takes it.

    Raises:
        Refusal, RunFailed: the folder cannot be used; in all processes.
    """
    with joined(setup.device, launcher.processes()), _own_folder(setup, path, fresh) as folder:
        yield folder


@contextmanager
def _own_folder(setup: Setup, path: Path, fresh: bool) -> Iterator[RunFolder]:
    """The run folder for the first process, and for another one its own."""
    if world() == 1:
        yield _opened(setup, path, fresh)
        return
    folder, trouble = RunFolder(path), None
    if rank() == 0:
        try:
            folder = _opened(setup, path, fresh)
        except (Refusal, RunFailed) as error:
            trouble = error
    (refused,) = agreed(trouble is not None)
    if trouble is not None:
        raise trouble
    if refused:
        raise Refusal("the first process, which writes, could not begin.")
    with tempfile.TemporaryDirectory(prefix="selftaught-") as own:
        if rank() > 0:
            folder = RunFolder(Path(own))
            for name in READ:
                if (path / name).is_file():
                    shutil.copyfile(path / name, folder.path / name)
        wait_for_all()  # before the first process changes anything
        yield folder


def _opened(setup: Setup, path: Path, fresh: bool) -> RunFolder:
    folder = RunFolder.open(path, setup.run, fresh=fresh)
    folder.same_data(setup.splits.mark)
    return folder
