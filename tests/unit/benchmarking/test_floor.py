"""The floor is the networks' arithmetic, all of it and nothing else."""

from collections.abc import Callable

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from selftaught import catalogue
from selftaught.benchmarking import flops
from selftaught.benchmarking.floor import Floor, networks, together, watched
from selftaught.methods import Method
from selftaught.training.batches import assemble
from selftaught.training.loop import ready, requests
from selftaught.training.setup import Setup

Small = Callable[..., Setup]
METHODS = [
    name
    for name in catalogue.names()
    if not catalogue.entry(name).baseline and name != "supervised"
]


def whole_arithmetic(setup: Setup) -> int:
    """Operations of forward and backward of the method itself, losses included."""
    method = ready(setup).method
    (fetched,) = setup.source.fetch([next(requests(setup, 0))], setup.views.crop)
    batch = assemble(setup, method, fetched, 0)
    with FlopCounterMode(display=False) as counter:
        torch.stack(list(method(batch).losses.values())).sum().backward()
    return int(counter.get_total_flops())


@pytest.mark.parametrize("name", METHODS)
def test_its_arithmetic_is_that_of_the_method_without_the_losses(name: str, small: Small) -> None:
    """Losses multiply matrices of the batch at most, which is little beside the networks."""
    setup = small(name)
    floor = flops.counted(Floor(setup, compiled=False).step)
    whole = whole_arithmetic(setup)
    assert 0.97 * whole <= floor <= whole


def test_without_matrices_in_the_loss_it_is_the_method_to_the_last_operation(small: Small) -> None:
    """BYOL's loss has none, so the teacher's forward must be in the floor, and nothing twice."""
    setup = small("byol", whitening=0)
    assert flops.counted(Floor(setup, compiled=False).step) == whole_arithmetic(setup)


def test_views_go_through_a_network_together(small: Small) -> None:
    setup = small("byol")
    method = setup.model
    assert isinstance(method, Method)
    apart, joined = watched(setup, method), together(watched(setup, method))
    assert [len(use.inputs[0]) for use in apart if use.network is method.encoder] == [32, 32]
    assert [len(use.inputs[0]) for use in joined if use.network is method.encoder] == [64]
    assert len(joined) == 5  # encoder, projector, predictor; the teacher's two
    assert [use.learns for use in joined].count(False) == 2


def test_small_crops_go_by_themselves(small: Small) -> None:
    setup = small("dino", **{"views.small": 3, "views.size": 32})
    floor = Floor(setup, compiled=False)
    shapes = [tuple(use.inputs[0].shape) for use in floor.uses if use.inputs[0].ndim == 4]
    assert sorted(shapes) == [(64, 3, 32, 32), (64, 3, 32, 32), (96, 3, 14, 14)]


def test_a_method_is_listened_to_without_a_trace(small: Small) -> None:
    setup = small("byol")
    method = setup.model
    assert isinstance(method, Method)
    before = [set(vars(network)) for network in networks(method)]
    watched(setup, method)
    assert [set(vars(network)) for network in networks(method)] == before


@pytest.mark.parametrize("name", ["simclr", "mae"])
def test_steps_leave_the_run_and_their_own_weights_where_they_are(name: str, small: Small) -> None:
    setup = small(name)
    assert isinstance(setup.model, Method)
    before = {key: value.clone() for key, value in setup.model.state_dict().items()}
    floor = Floor(setup, compiled=False)
    weights = [p.clone() for p in floor.method.parameters()]
    for _ in range(3):
        floor.step()
    assert all(torch.equal(before[k], v) for k, v in setup.model.state_dict().items())
    assert all(torch.equal(a, b) for a, b in zip(weights, floor.method.parameters(), strict=True))


def test_every_weight_that_learns_gets_its_gradient(small: Small) -> None:
    setup = small("byol")
    floor = Floor(setup, compiled=False)
    seen: list[str] = []

    def look(part: str) -> None:
        if part == "backward":
            seen.extend(n for n, p in floor.method.named_parameters() if p.grad is not None)

    floor.step(look)
    learning = [name for name, p in floor.method.named_parameters() if p.requires_grad]
    assert seen == learning
    assert not any(name.startswith("teacher") for name in seen)


def test_pictures_are_in_the_precision_and_channels_last(small: Small) -> None:
    floor = Floor(small("simclr", precision="bfloat16"), compiled=False)
    pictures = floor.uses[0].inputs[0]
    assert pictures.dtype == torch.bfloat16
    assert pictures.is_contiguous(memory_format=torch.channels_last)
