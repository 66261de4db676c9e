"""The encoders that a run leaves behind: at its end, and at its looks where they are to be kept."""

from typing import Any

from selftaught.distributed import rank
from selftaught.encoders import Encoder, files
from selftaught.runs import RunFolder
from selftaught.training.setup import Setup


def at_the_end(setup: Setup, folder: RunFolder, encoder: Encoder) -> None:
    """Write ``encoder.safetensors``."""
    _write(setup, folder, encoder, files.NAME)


def at_a_look(setup: Setup, folder: RunFolder, encoder: Encoder, step: int) -> None:
    """Write ``encoders/step-N.safetensors``; the header says the epoch."""
    name = f"{files.KEPT}/step-{step:08d}.safetensors"  # names in the order of the steps
    _write(setup, folder, encoder, name, step=step, epoch=step / setup.per_epoch)


def _write(setup: Setup, folder: RunFolder, encoder: Encoder, name: str, **facts: Any) -> None:
    run = setup.run
    if rank() > 0:
        return
    files.write(
        folder.path / name,
        encoder,
        preprocessing={
            "size": setup.clean.size,
            "channels": setup.source.channels,
            "levels": setup.source.levels,
            "mean": setup.splits.mean,
            "std": setup.splits.std,
        },
        about={"method": run.method.name, "data": setup.splits.name, "seed": run.seed, **facts},
    )
