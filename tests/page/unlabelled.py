"""A made-up comparison of pictures without labels, with a sheet to label."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from example import draw_pictures, write_example

from selftaught.reports.pictures import sprite


def write_unlabelled(directory: Path, *, count: int = 60, ranked: bool = False) -> Path:
    """A comparison of pictures without labels, as ``compare`` leaves it: health, and a sheet to label.

    With `ranked`, what ``rank`` adds to it.
    """
    write_example(directory, contestants=["simclr", "byol", "untrained"], seeds=1, count=count)
    shutil.rmtree(directory / "atlas")
    rng = np.random.default_rng(0)
    content, columns = sprite(draw_pictures(rng.integers(0, 10, count), rng), 32)
    (directory / "to-label.webp").write_bytes(content)
    files = [f"animals/{number:03}, a.png" for number in range(count)]
    sheet = {
        "data": "./pictures",
        "folder": "/pictures",
        "asked": count,
        "pool": {"pictures": 900, "of": 900, "parts": ["validation"]},
        "drawn_for": ["simclr", "byol", "untrained"],
        "seed": 0,
        "tile": 32,
        "columns": columns,
        "pictures": [{"file": file, "chance": 0.1} for file in files],
    }
    (directory / "to-label.json").write_text(json.dumps(sheet))
    facts = json.loads((directory / "comparison.json").read_text())
    facts |= {"split": "validation", "claims": [], "summary": []}
    facts["data"]["classes"] = []
    for row in facts["rows"]:
        row["results"] = {"spectrum": {"measure": "rank_me", "rank_me": 30.5}}
    if ranked:
        facts["few_labels"] = _few_labels(files)
    (directory / "comparison.json").write_text(json.dumps(facts))
    return directory


def _few_labels(files: list[str]) -> dict[str, Any]:
    found = {"simclr": (0.62, [1, 1]), "byol": (0.41, [2, 2]), "untrained": (0.30, None)}
    return {
        "pictures": 40,
        "asked": len(files),
        "pool": {"pictures": 900},
        "classes": ["cat", "dog"],
        "labels": {file: ("cat", "dog")[i % 2] for i, file in enumerate(files[:40])},
        "nobody": [files[40]],
        "summary": [
            {
                "contestant": name,
                "results": {
                    reader: {"mean": mean, "interval": [mean - 0.1, mean + 0.1]}
                    for reader in ("linear", "knn")
                },
                "values": {"linear": [mean], "knn": [mean]},
                "ranks": {"linear": ranks, "knn": [1, 2]} if ranks else {},
            }
            for name, (mean, ranks) in found.items()
        ],
        "sentences": ["SimCLR, 62 % (52 to 72) by a linear classifier: beats BYOL."],
        "notes": ["20 of 60 pictures have no label."],
    }
