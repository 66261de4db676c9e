"""Clouds of features around the classes' centres, and pools of them, for the tests of protocols."""

from typing import Any

import torch
from torch import Tensor

from selftaught.evaluation.results import Pool


def clouds(
    n: int, d: int = 16, classes: int = 5, seed: int = 1, spread: float = 1.5
) -> tuple[Tensor, Tensor]:
    """[n, d] features and [n] labels; the centres are the same for every seed."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, d, generator=torch.Generator().manual_seed(0))
    labels = torch.randint(classes, (n,), generator=generator)
    return centres[labels] + spread * torch.randn(n, d, generator=generator), labels


def cloudy(bank: int = 300, queries: int = 200, **more: Any) -> Pool:
    """A pool of clouds; the last fifth of the bank is held back."""
    features, labels = clouds(bank, **more)
    asked, answers = clouds(queries, **(more | {"seed": 2}))
    rows, cut = torch.arange(bank), bank * 4 // 5
    return Pool(
        features,
        labels,
        rows[:cut],
        rows[cut:],
        asked,
        answers,
        more.get("classes", 5),
        {"split": "test"},
        "validation",
    )
