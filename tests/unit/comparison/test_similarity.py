"""The matrix of CKA: every pair of seeds counts, failed runs and other pictures do not."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selftaught.comparison import similarity
from selftaught.evaluation import cka


def run(
    directory: Path, name: str, seed: int, features: np.ndarray, **changes: Any
) -> dict[str, Any]:
    folder = directory / name / str(seed)
    folder.mkdir(parents=True)
    arrays = {"features": features.astype(np.float16), "index": np.arange(len(features))}
    arrays |= {"labels": np.zeros(len(features)), "split": np.array("test")} | changes
    np.savez_compressed(folder / "atlas.npz", **arrays)
    return {"contestant": name, "folder": f"{name}/{seed}", "error": None}


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_values_are_means_over_pairs_of_seeds(tmp_path: Path, random: np.random.Generator) -> None:
    shared = random.normal(size=(50, 4))
    made = {
        name: [shared @ random.normal(size=(4, d)) + random.normal(size=(50, d)) for _ in range(n)]
        for name, n, d in (("byol", 3, 6), ("pixels", 1, 20))
    }
    rows = [
        run(tmp_path, name, seed, features)
        for name, seeds in made.items()
        for seed, features in enumerate(seeds)
    ]
    found = similarity.between(tmp_path, rows, "test")
    assert found is not None
    assert found["contestants"] == ["byol", "pixels"]
    assert (found["runs"], found["pictures"]) == ([3, 1], 50)
    tensors = {
        name: [torch.from_numpy(x.astype(np.float16)).float() for x in seeds]
        for name, seeds in made.items()
    }
    across = [cka.cka(a, b) for a, b in product(tensors["byol"], tensors["pixels"])]
    within = [
        cka.cka(tensors["byol"][i], tensors["byol"][j])
        for i, j in product(range(3), range(3))
        if i != j
    ]
    values = np.array(found["values"])
    assert values[0, 1] == values[1, 0] == pytest.approx(np.mean(across), abs=1e-5)
    assert values[0, 0] == pytest.approx(np.mean(within), abs=1e-5)
    assert values[1, 1] == 1
    assert 0 < values[0, 1] < 1


def test_failed_runs_and_other_pictures_are_left_out(
    tmp_path: Path, random: np.random.Generator
) -> None:
    def noise() -> np.ndarray:
        return random.normal(size=(20, 5))

    rows = [
        run(tmp_path, "a", 0, noise()),
        run(tmp_path, "b", 0, noise(), split=np.array("validation")),
        run(tmp_path, "c", 0, noise(), index=np.arange(20) + 1),
        run(tmp_path, "d", 0, noise()) | {"error": "diverged"},
        {"contestant": "e", "folder": "e/0", "error": None},
    ]
    assert similarity.between(tmp_path, rows, "test") is None
    rows.append(run(tmp_path, "f", 0, noise()))
    found = similarity.between(tmp_path, rows, "test")
    assert found is not None
    assert found["contestants"] == ["a", "f"]
