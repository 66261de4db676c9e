"""How alike the contestants' encoders see the same pictures: linear CKA between each two of them."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from selftaught.evaluation import atlas, cka

MEASURE = "debiased linear CKA"


def between(directory: Path, rows: Sequence[dict[str, Any]], split: str) -> dict[str, Any] | None:
    """Similarity of each two contestants, on the pictures whose features lie in the run folders.

    Args:
        directory: of the comparison.
        rows: of ``comparison.json``; runs that failed or hold other pictures are left out.
        split: whose pictures are compared.

    Returns:
        ``measure``; ``contestants``; ``values``, a square of numbers, each the mean over the seeds of both;
        on its diagonal the mean between different seeds of one contestant, which is what the others are to be
        read beside, or 1 where it has one seed; ``pictures``; ``runs``, how many each contestant has. None
        with fewer than two contestants.
    """
    names: list[str] = []
    features: list[Tensor] = []
    index = None
    for row in rows:
        found = {} if row["error"] is not None else atlas.read(directory / row["folder"])
        if found.get("split") != split:
            continue
        if index is not None and not np.array_equal(found["index"], index):
            continue
        index = found["index"]
        names.append(row["contestant"])
        features.append(torch.from_numpy(found["features"]).float())
    contestants = list(dict.fromkeys(names))
    if len(contestants) < 2 or len(features[0]) < cka.FEWEST:
        return None
    values = cka.matrix(features).tolist()
    places = {name: [i for i, each in enumerate(names) if each == name] for name in contestants}

    def alike(one: str, other: str) -> float:
        pairs = [values[i][j] for i in places[one] for j in places[other] if one != other or i != j]
        return fmean(pairs) if pairs else 1.0

    return {
        "measure": MEASURE,
        "split": split,
        "pictures": len(features[0]),
        "contestants": contestants,
        "runs": [len(places[name]) for name in contestants],
        "values": [[alike(one, other) for other in contestants] for one in contestants],
    }
