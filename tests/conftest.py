"""Pictures and settings that several rooms' tests share."""

from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

QUICK = {
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 16,
    "epochs": 1,
    "optimiser": "sgd",
    "optimiser.rate": 0.06,
    "monitor.pictures": 50,
    "precision": "float32",
    "device": "cpu",
    "threads": 1,
}
"""A run of a second."""


@pytest.fixture(scope="session")
def quick() -> dict[str, object]:
    """Overrides that make a run short."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 80 pictures in two classes, told apart by the direction of their stripes."""
    folder = tmp_path_factory.mktemp("pictures") / "stripes"
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[0:32, 0:32]
    for name, place in (("across", columns), ("down", rows)):
        (folder / name).mkdir(parents=True)
        for number in range(40):
            wave = np.sin(place / random.uniform(1, 2) + random.uniform(0, 6))
            colour = random.uniform(40, 120, 3)
            pixels = 128 + wave[..., None] * colour + random.normal(0, 10, (32, 32, 3))
            picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            picture.save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def unlabelled(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same pictures without sub-folders."""
    folder = tmp_path_factory.mktemp("pictures") / "loose"
    folder.mkdir()
    for path in labelled.glob("*/*.png"):
        (folder / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    return folder


class NeverWaits(TorchDispatchMode):
    """Fails on what would make an accelerator's host wait for a number."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        assert name not in {"_local_scalar_dense", "nonzero", "masked_select", "equal"}, name
        if name in {"index", "index_put", "index_put_"}:
            assert all(i is None or i.dtype != torch.bool for i in args[1]), "boolean index"
        return func(*args, **(kwargs or {}))


class Counts(TorchDispatchMode):
    """Counts the operations that reach a device, views of its memory aside."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.total += not func.is_view
        return func(*args, **(kwargs or {}))


@pytest.fixture
def counts() -> type[Counts]:
    return Counts


@pytest.fixture
def never_waits() -> type[NeverWaits]:
    return NeverWaits


def _allocations(work: Callable[[], object]) -> list[int]:
    """Bytes that ``work`` asked of torch's allocator on the CPU, one after the other; negative: given back."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        work()
    assert record.profiler is not None
    events = record.profiler.kineto_results.events()
    return [event.nbytes() for event in events if event.name() == "[memory]"]


@pytest.fixture
def allocations() -> Callable[[Callable[[], object]], list[int]]:
    return _allocations


@pytest.fixture
def peak_bytes() -> Callable[[Callable[[], object]], int]:
    return lambda work: max(accumulate(_allocations(work)))
