"""What was said of each picture, kept in the run folder: ``predictions.npz``, a few bytes a picture.

Arrays by ``SPLIT/index`` (rows of the split), ``SPLIT/answers``, ``SPLIT/PROTOCOL`` and, where pictures come in
groups, ``SPLIT/groups``, each [m] int32. Whether two encoders are right about the *same* pictures decides how
sure their difference is, and pictures of one group are no independent witnesses (``comparison/bootstrap.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray
from torch import Tensor

from selftaught.runs import write_atomically

FILE = "predictions.npz"


@dataclass(frozen=True)
class Answers:
    """What a protocol said of the pictures of a split.

    Attributes:
        index: rows of the split.
        right: whether each was classified rightly.
        groups: a number for each group; the index itself where no picture has a companion.
    """

    index: NDArray[np.int32]
    right: Bool[NDArray[Any], " m"]
    groups: NDArray[np.int32]


def keep(
    folder: Path,
    split: str,
    index: Int64[Tensor, " m"],
    answers: Int64[Tensor, " m"],
    given: Mapping[str, Tensor],
    groups: Int64[Tensor, " m"] | None = None,
) -> None:
    """Add predictions of a split, by protocol, to those that are there.

    Args:
        given: protocol to [m] classes. Of an earlier reading on other rows nothing stays.
        groups: who belongs together; None without groups.
    """
    found = _read(folder)
    rows = index.numpy().astype(np.int32)
    if not np.array_equal(found.get(f"{split}/index", rows), rows):
        found = {name: array for name, array in found.items() if not name.startswith(f"{split}/")}
    found |= {f"{split}/index": rows, f"{split}/answers": answers.numpy().astype(np.int32)}
    if groups is not None:
        numbers = np.unique(groups.numpy(), return_inverse=True)[1]
        found[f"{split}/groups"] = numbers.astype(np.int32)
    found |= {f"{split}/{name}": each.numpy().astype(np.int32) for name, each in given.items()}

    def save(path: Path) -> None:
        with path.open("wb") as file:  # numpy would add a suffix to a path
            np.savez_compressed(file, allow_pickle=False, **found)

    write_atomically(folder / FILE, save)


def answers(folder: Path, split: str, protocol: str) -> Answers | None:
    """What was kept of a protocol's reading; None where nothing was."""
    found = _read(folder)
    if f"{split}/{protocol}" not in found:
        return None
    index = found[f"{split}/index"]
    right = found[f"{split}/{protocol}"] == found[f"{split}/answers"]
    return Answers(index, right, found.get(f"{split}/groups", index))


def _read(folder: Path) -> dict[str, NDArray[np.int32]]:
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, BadZipFile):
        return {}  # damaged: as good as not kept
