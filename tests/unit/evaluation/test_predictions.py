"""What was said of each picture stays, split by split, and never mixes readings of different pictures."""

from pathlib import Path

import numpy as np
import torch

from selftaught.evaluation import predictions

ANSWERS = torch.tensor([0, 1, 2, 1])


def test_protocols_and_splits_stand_beside_each_other(tmp_path: Path) -> None:
    rows = torch.tensor([2, 3, 5, 7])
    predictions.keep(tmp_path, "test", rows, ANSWERS, {"knn": torch.tensor([0, 1, 2, 0])})
    predictions.keep(tmp_path, "test", rows, ANSWERS, {"linear": torch.tensor([0, 1, 2, 1])})
    predictions.keep(tmp_path, "validation", rows[:2], ANSWERS[:2], {"knn": torch.tensor([1, 1])})
    for split, protocol, expected in (
        ("test", "knn", [True, True, True, False]),
        ("test", "linear", [True] * 4),
        ("validation", "knn", [False, True]),
    ):
        found = predictions.answers(tmp_path, split, protocol)
        assert found is not None
        assert found.right.tolist() == expected
    assert np.array_equal(found.index, [2, 3])
    assert np.array_equal(found.groups, [2, 3]), "each picture is its own group"


def test_who_belongs_together_is_kept_beside_them(tmp_path: Path) -> None:
    groups = torch.tensor([70, 70, 30, 70])
    predictions.keep(tmp_path, "test", torch.arange(4), ANSWERS, {"knn": ANSWERS}, groups)
    found = predictions.answers(tmp_path, "test", "knn")
    assert found is not None
    assert found.groups.tolist() == [1, 1, 0, 1]


def test_what_was_said_of_other_pictures_goes(tmp_path: Path) -> None:
    predictions.keep(tmp_path, "test", torch.arange(4), ANSWERS, {"knn": ANSWERS})
    predictions.keep(tmp_path, "test", torch.arange(4) + 1, ANSWERS, {"linear": ANSWERS})
    assert predictions.answers(tmp_path, "test", "knn") is None
    assert predictions.answers(tmp_path, "test", "linear") is not None


def test_what_is_not_there_or_damaged_is_none(tmp_path: Path) -> None:
    assert predictions.answers(tmp_path, "test", "knn") is None
    (tmp_path / predictions.FILE).write_bytes(b"PK\x03\x04 half")
    assert predictions.answers(tmp_path, "test", "knn") is None
