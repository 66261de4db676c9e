"""What was said of each picture, kept in the run folder: ``predictions.npz``, a few bytes a picture.

Arrays by ``SPLIT/index`` (rows of the split), ``SPLIT/answers``, ``SPLIT/PROTOCOL`` and, where pictures come in
groups, ``SPLIT/groups``, each [m] int32. Whether two encoders are right about the *same* pictures decides how
sure their difference is, and pictures of one group are no independent witnesses (``comparison/bootstrap.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray
from torch import Tensor

from selftaught.runs import read_arrays, write_arrays

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
    found = read_arrays(folder / FILE)
    rows = index.numpy().astype(np.int32)
    if not np.array_equal(found.get(f"{split}/index", rows), rows):
        found = {name: array for name, array in found.items() if not name.startswith(f"{split}/")}
    found |= {f"{split}/index": rows, f"{split}/answers": answers.numpy().astype(np.int32)}
    if groups is not None:
        numbers = np.unique(groups.numpy(), return_inverse=True)[1]
        found[f"{split}/groups"] = numbers.astype(np.int32)
    found |= {f"{split}/{name}": each.numpy().astype(np.int32) for name, each in given.items()}
    write_arrays(folder / FILE, found)


def answers(folder: Path, split: str, protocol: str) -> Answers | None:
    """What was kept of a protocol's reading; None where nothing was."""
    found = read_arrays(folder / FILE)
    if f"{split}/{protocol}" not in found:
        return None
    index = found[f"{split}/index"]
    right = found[f"{split}/{protocol}"] == found[f"{split}/answers"]
    return Answers(index, right, found.get(f"{split}/groups", index))
