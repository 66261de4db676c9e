"""Peers that are installed take steps around our encoder, on our pictures; ``make peers`` installs Lightly."""

from collections.abc import Callable
from importlib import import_module, util
from typing import Any

import pytest
import torch

from selftaught.benchmarking.peers import loop
from selftaught.benchmarking.plan import PEERS
from selftaught.encoders import Encoder
from selftaught.training.setup import Setup

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs, at import
Small = Callable[..., Setup]


@pytest.fixture(params=[(peer, name) for peer in PEERS for name in ("simclr", "byol", "vicreg")])
def built(
    request: pytest.FixtureRequest, small: Small, monkeypatch: pytest.MonkeyPatch
) -> tuple[Setup, dict[str, Any], list[loop.Learner]]:
    """A run of ours, a peer's contenders for it, and the modules in them."""
    peer, name = request.param
    if util.find_spec(PEERS[peer]) is None:
        pytest.skip(f"{peer} is not installed")
    module = import_module(f"selftaught.benchmarking.peers.{peer.replace('-', '_')}")
    learners: list[loop.Learner] = []
    original = loop.contender

    def kept(setup: Setup, learner: loop.Learner, transform: Any, way: loop.Way) -> Any:
        learners.append(learner)
        return original(setup, learner, transform, way)

    monkeypatch.setattr(module, "contender", kept)
    monkeypatch.setattr(loop, "cores", lambda: 1)  # no workers in `best`
    setup = small(name, batch=8, precision="bfloat16")
    return setup, module.contenders(setup), learners


def encoders(learner: torch.nn.Module) -> list[Encoder]:
    return [part for part in learner.modules() if isinstance(part, Encoder)]


def test_the_encoder_is_ours_and_so_are_precision_and_widths(
    built: tuple[Setup, dict[str, Any], list[loop.Learner]],
) -> None:
    setup, contenders, learners = built
    best, learner = contenders["best"], learners[0]
    assert best.settings["precision"] == "bfloat16"
    student = encoders(learner)[0]
    assert student.recipe == setup.encoder.recipe
    assert len(encoders(learner)) == (2 if setup.run.method.name == "byol" else 1)
    ours = setup.run.parameters()["projector"]
    widths = [part.out_features for part in learner.modules() if isinstance(part, torch.nn.Linear)]
    assert widths[: len(ours)] == list(ours)


def test_a_step_teaches_the_student_and_moves_the_teacher(
    built: tuple[Setup, dict[str, Any], list[loop.Learner]],
) -> None:
    setup, contenders, learners = built
    student = encoders(learners[0])[0]
    learning = [p for p in learners[0].parameters() if p.requires_grad]
    gradients: list[bool] = []
    learning[0].register_hook(lambda gradient: gradients.append(bool(gradient.isfinite().all())))
    with torch.no_grad():
        next(student.parameters()).add_(1.0)  # far from a teacher that was a copy
    if setup.run.method.name == "byol":
        teacher = encoders(learners[0])[1]
        before = next(teacher.parameters()).clone()
    contenders["best"].contender.step()
    contenders["best"].contender.step()
    assert len(gradients) >= 2
    assert all(gradients)
    if setup.run.method.name == "byol":
        assert not torch.equal(before, next(teacher.parameters()))
