"""A table of speed, from the call to its rows."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import transforms

import selftaught
from selftaught.benchmarking import PEERS, clock, noise
from selftaught.benchmarking.peers import lightly, loop
from selftaught.benchmarking.peers.beside import Beside
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.training.setup import Setup, first_weights

Small = Callable[..., Setup]

ASKED = {"method", "encoder", "device", "precision", "batch", "pictures_per_second"} | {
    "floor_pictures_per_second",
    "share_of_floor",
}
QUICK: dict[str, Any] = {
    "batch": 16,
    "encoder": "resnet_tiny",
    "encoder__stem": "strided",
    "optimiser": "sgd",
    "optimiser__rate": 0.06,
    "precision": "bfloat16",
    "device": "cpu",
    "threads": 1,
    "projector": [16, 8],
}


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one step."""
    monkeypatch.setattr(clock.interleave, "__kwdefaults__", {"block": 1e-9})


@pytest.mark.usefixtures("briefly")
def test_views_that_grow_are_measured_as_large_as_they_end() -> None:
    given = {**QUICK, "data": "random", "repeats": 1, "views__sides": [8, 20]}
    (row,) = selftaught.bench("simclr", **given)["rows"]
    (same,) = selftaught.bench("simclr", **(given | {"views__sides": [20]}))["rows"]
    assert row["views"] == [20, 20]
    assert row["flops_per_picture"] == same["flops_per_picture"]


@pytest.mark.usefixtures("briefly")
def test_rows_say_what_was_measured_and_hold_together() -> None:
    said: list[str] = []
    content = selftaught.bench(
        "simclr",
        "simclr:temperature=0.5",
        data="random",
        repeats=2,
        peak_tflops=1.0,
        say=said.append,
        **QUICK,
    )
    first, second = content["rows"]
    assert set(first) >= ASKED
    assert [row["contestant"] for row in content["rows"]] == ["simclr", "simclr:temperature=0.5"]
    assert second["parameters"]["temperature"] == 0.5
    for row in content["rows"]:
        assert (row["data"], row["batch"], row["views"]) == ("random", 16, [32, 32])
        assert (row["precision"], row["device"], row["floor_form"]) == ("bfloat16", "cpu", "eager")
        low, high = row["share_of_floor_range"]
        assert 0 < low <= row["share_of_floor"] <= high
        assert len(row["seconds_per_step"]) == len(row["floor_seconds_per_step"]) == 2
        assert sum(row["parts"].values()) == pytest.approx(1)
        assert row["parts"]["networks"] == row["share_of_floor"]
        assert row["peak_memory_bytes"] > 1e6
        assert row["model_flop_utilisation"] == pytest.approx(row["flops_per_second"] / 1e12)
        assert row["flops_per_second"] == pytest.approx(
            row["flops_per_picture"] * row["pictures_per_second"]
        )
    assert content["environment"]["versions"]["torch"]
    assert "writes nothing" in said[0]


@pytest.mark.usefixtures("briefly")
def test_a_compiled_floor_is_tried_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[Any] = []

    def compiling(network: Any) -> Any:
        compiled.append(network)
        return network

    monkeypatch.setattr(torch, "compile", compiling)
    plain = selftaught.bench("simclr", data="random", repeats=1, **QUICK)["rows"][0]
    assert not compiled
    tried = selftaught.bench("simclr", data="random", repeats=1, compile_floor=True, **QUICK)
    row = tried["rows"][0]
    assert len(compiled) == 2  # encoder and projector
    selftaught.bench("simclr", data="random", repeats=1, compile=True, **QUICK)
    assert len(compiled) == 5  # the method itself, and the floor of a run that is compiled
    assert set(plain["floor_forms"]) == {"eager"}
    assert set(row["floor_forms"]) == {"eager", "compiled"}
    assert row["floor_forms"][row["floor_form"]] == max(row["floor_forms"].values())
    assert row["floor_pictures_per_second"] == row["floor_forms"][row["floor_form"]]


def test_noise_is_cifar10_in_shape_and_the_same_every_time() -> None:
    one, two = noise.splits(), noise.splits()
    assert one.train.pictures.shape == (45_000, 3, 32, 32)  # type: ignore[attr-defined]
    assert torch.equal(one.train.pictures, two.train.pictures)  # type: ignore[attr-defined]
    assert len(one.validation) == 5_000


# Peers ------------------------------------------------------------------------------------------


class Plain(loop.Learner):
    """A stranger's method: an encoder, a line, and a loss of two views."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.backbone = encoder
        self.line = nn.Linear(encoder.dim, 4)
        self.moved, self.seen = 0, torch.empty(0)

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        z, y = (self.line(self.backbone(view)) for view in views)
        self.seen = views[0]
        return 1e4 * (z - y + 1).square().sum() + 1e4 * z.square().sum()

    def move(self) -> None:
        self.moved += 1


def test_a_peers_loop_shows_our_pictures_in_our_precision_and_teaches(small: Small) -> None:
    setup = small("simclr", precision="bfloat16")
    ours = torch.get_num_threads()
    ways = loop.ways(setup)
    assert ways["best"].precision == "bfloat16"
    assert ways["best"].workers <= max(loop.cores() - ours, 0)
    assert ways["default"] == loop.Way("float32", False, False, False, 8, False)

    def twice(picture: Any) -> list[Tensor]:
        return [transforms.ToTensor()(picture)] * 2

    learner = Plain(first_weights(setup.run, 3, 32))
    before = learner.line.weight.detach().clone()
    way = loop.Way("bfloat16", True, True, False, 0, True)
    beside = loop.contender(setup, learner, twice, way)
    for _ in range(5):  # more than an epoch of 108 pictures
        beside.contender.step()
    assert learner.moved == 5
    assert not torch.equal(before, learner.line.weight)
    assert learner.seen.shape == (32, 3, 32, 32)
    assert learner.seen.is_contiguous(memory_format=torch.channels_last)
    wanted = {tuple(p.flatten().tolist()) for p in setup.source.pictures}  # type: ignore[attr-defined]
    shown = (learner.seen * 255).round().to(torch.uint8)
    assert all(tuple(picture.flatten().tolist()) in wanted for picture in shown)
    assert beside.settings["precision"] == "bfloat16"


def test_a_peer_takes_colour_pictures_in_memory_and_says_so(small: Small) -> None:
    setup = small("simclr", data="digits", **{"data.take": 120})
    with pytest.raises(Refusal, match="--against takes colour pictures"):
        loop.Pictures(setup, lambda picture: [])


@pytest.mark.usefixtures("briefly")
def test_peers_take_turns_in_the_same_rounds_and_a_method_they_lack_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def contenders(setup: Setup) -> dict[str, Beside]:
        def twice(picture: Any) -> list[Tensor]:
            return [transforms.ToTensor()(picture)] * 2

        learner = Plain(first_weights(setup.run, 3, 32))
        way = loop.Way("float32", False, False, False, 0, False)
        return {"best": loop.contender(setup, learner, twice, way)}

    monkeypatch.setattr(lightly, "contenders", contenders)
    monkeypatch.setitem(PEERS, "lightly", "torch")
    said: list[str] = []
    call = {**QUICK, "data": "random", "repeats": 2, "against": ["lightly"], "say": said.append}
    one, other = selftaught.bench("simclr", "barlow_twins", **call)["rows"]
    (peer,) = one["against"]
    assert (peer["peer"], peer["configuration"]) == ("lightly", "best")
    assert len(peer["seconds_per_step"]) == 2
    low, high = peer["times_faster_range"]
    assert low <= peer["times_faster"] <= high
    assert peer["settings"]["workers"] == 0
    assert other["against"] == []
    assert any("barlow_twins is not run beside" in sentence for sentence in said)
