"""What was said of each picture, kept in the run folder: ``predictions.npz``, a few bytes a picture.

Arrays by ``SPLIT/index`` (rows of the split), ``SPLIT/answers`` and ``SPLIT/PROTOCOL``, each [m] int32. Whether
two encoders are right about the *same* pictures decides how sure their difference is
(``comparison/bootstrap.py``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray
from torch import Tensor

from selftaught.runs import write_atomically

FILE = "predictions.npz"


def keep(
    folder: Path,
    split: str,
    index: Int64[Tensor, " m"],
    answers: Int64[Tensor, " m"],
    given: Mapping[str, Tensor],
) -> None:
    """Add predictions of a split, by protocol, to those that are there.

    Args:
        given: protocol to [m] classes. Of an earlier reading on other rows nothing stays.
    """
    found = _read(folder)
    rows = index.numpy().astype(np.int32)
    if not np.array_equal(found.get(f"{split}/index", rows), rows):
        found = {name: array for name, array in found.items() if not name.startswith(f"{split}/")}
    found |= {f"{split}/index": rows, f"{split}/answers": answers.numpy().astype(np.int32)}
    found |= {f"{split}/{name}": each.numpy().astype(np.int32) for name, each in given.items()}

    def save(path: Path) -> None:
        with path.open("wb") as file:  # numpy would add a suffix to a path
            np.savez_compressed(file, allow_pickle=False, **found)

    write_atomically(folder / FILE, save)


def right(
    folder: Path, split: str, protocol: str
) -> tuple[NDArray[np.int32], Bool[NDArray[Any], " m"]] | None:
    """Rows of the split, and whether each was classified rightly; None where it was not kept."""
    found = _read(folder)
    if f"{split}/{protocol}" not in found:
        return None
    return found[f"{split}/index"], found[f"{split}/{protocol}"] == found[f"{split}/answers"]


def _read(folder: Path) -> dict[str, NDArray[np.int32]]:
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, BadZipFile):
        return {}  # damaged: as good as not kept
