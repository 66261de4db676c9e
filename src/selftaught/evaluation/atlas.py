"""Features of the pictures that stand on the maps, kept in the run folder: ``atlas.npz``.

Arrays ``features`` [m, d] float16, ``index`` (rows of the split) and ``labels`` [m], the name of the ``split``
and, where a protocol said a class of each picture, ``predictions`` [m].
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy.typing import NDArray
from torch import Tensor

from selftaught.data import Source
from selftaught.keys import shuffle
from selftaught.runs import read_arrays, write_arrays

FILE = "atlas.npz"
PICTURES = 1000
"""How many stand on the maps at most."""


def chosen(source: Source) -> Int64[Tensor, " n"]:
    """Rows of a split that stand on the maps, of those with a label where any has: the same for every run.

    They are chosen before any is read, so that a file that cannot be read takes none but itself off the maps.
    """
    rows = torch.arange(len(source))
    if source.labels is not None and bool((labelled := source.labels.cpu() >= 0).any()):
        rows = rows[labelled]
    return rows[shuffle(len(rows), seed=0, epoch=0)[:PICTURES].sort().values]


def keep(
    folder: Path,
    split: str,
    source: Source,
    index: Int64[Tensor, " n"],
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    predictions: Int64[Tensor, " n"] | None,
) -> None:
    """Keep what was found of those pictures of a split that stand on the maps.

    Args:
        source: the split.
        index: the rows of it that were read.
    """
    some = torch.isin(index, chosen(source))
    found = {
        "features": features[some].half().numpy(),
        "index": index[some].numpy(),
        "labels": labels[some].numpy(),
        "split": np.array(split),
    }
    if predictions is not None:
        found["predictions"] = predictions[some].numpy()
    write_arrays(folder / FILE, found)


def read(folder: Path) -> dict[str, NDArray[np.generic]]:
    """What was kept; empty where nothing was."""
    return read_arrays(folder / FILE)
