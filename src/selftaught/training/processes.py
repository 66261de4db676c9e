"""The run folder of several processes that train together.

All go through the same steps, decide alike and note the same numbers. The first writes the run folder; each
other one has a folder of its own, which begins with what training reads there and is thrown away in the end,
so that training need not ask who writes. The run folder must lie where all processes see it.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selftaught.distributed import agreed, rank, wait_for_all, world
from selftaught.errors import Refusal, RunFailed
from selftaught.runs import RunFolder

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
def own_folder(path: Path, opened: Callable[[], RunFolder]) -> Iterator[RunFolder]:
    """The run folder for the first process, and for another one its own.

    Args:
        path: of the run folder.
        opened: makes it, or goes on in it; called by the first process.

    Raises:
        Refusal, RunFailed: as ``opened`` does; then in all processes.
    """
    if world() == 1:
        yield opened()
        return
    folder, trouble = RunFolder(path), None
    if rank() == 0:
        try:
            folder = opened()
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
