"""Each process of a run has a GPU of its own, or is told why not; whoever asks for what is not there too."""

import pytest
import torch

from selftaught.errors import Refusal
from selftaught.training.machine import choose_device


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)


def started(monkeypatch: pytest.MonkeyPatch, processes: int, place: int) -> None:
    for name, number in (("WORLD_SIZE", processes), ("LOCAL_WORLD_SIZE", processes)):
        monkeypatch.setenv(name, str(number))
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.setenv(name, str(place))


@pytest.mark.usefixtures("two_gpus")
def test_each_process_has_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (0, 1):
        started(monkeypatch, 2, place)
        assert choose_device("auto") == torch.device("cuda", place)


@pytest.mark.usefixtures("two_gpus")
def test_more_processes_than_visible_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    started(monkeypatch, 3, 0)
    with pytest.raises(Refusal, match=r"3 processes .* sees 2 of its GPUs; .*--gpus-per-node"):
        choose_device("cuda")


def test_what_is_not_there_is_refused_with_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(Refusal, match=r"device=cuda, but torch finds only: .*cpu"):
        choose_device("cuda")
    with pytest.raises(Refusal, match="There is no device 'tpu'; give auto, cuda, mps, cpu"):
        choose_device("tpu")
