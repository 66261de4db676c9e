"""What one setting of these methods makes another, and the traps of their state."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from selftaught import encoders, methods
from selftaught.batch import Batch
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods import Method, Outputs
from selftaught.methods.canonical_correlation import lejepa
from selftaught.methods.canonical_correlation.swav import SwAV, swapped_prediction
from selftaught.parts.assignment import sinkhorn

SWAV: dict[str, Any] = {"projector": (16, 8), "prototypes": 6}


def build(name: str, **parameters: Any) -> Method:
    torch.manual_seed(0)
    encoder = encoders.build("resnet_tiny", channels=3, size=16, stem="strided")
    return methods.build(name, encoder, **parameters)


def batch_for(method: Method, n: int = 8, views: int = 2, small: int = 0, seed: int = 1) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    full = [torch.randn(n, 3, 16, 16, generator=generator) for _ in range(views)]
    crops = [torch.randn(n, 3, 8, 8, generator=generator) for _ in range(small)]
    draws = method.draw(Keys(seed, 0, torch.arange(n)))
    return Batch(full, torch.arange(n), None, draws, crops)


def test_swav_without_small_crops_is_two_views() -> None:
    method = build("swav", **SWAV)
    assert isinstance(method, SwAV)
    batch = batch_for(method)
    outputs = method(batch)
    assert outputs.projections is not None
    one, two = method.prototypes(outputs.projections).chunk(2)
    q = [sinkhorn(s.detach(), epsilon=0.05, iterations=3) for s in (one, two)]
    expected = swapped_prediction(two, q[0], 0.1) + swapped_prediction(one, q[1], 0.1)
    torch.testing.assert_close(outputs.losses["swapped_prediction"], expected / 2)


def test_swav_predicts_each_full_views_assignment_from_every_other_view() -> None:
    method = build("swav", **SWAV).eval()  # fixed statistics: crops can be looked at one by one
    assert isinstance(method, SwAV)
    batch = batch_for(method, small=2)
    scores = [method.prototypes(method.projector(method.encoder(v))) for v in batch.views]
    scores += [method.prototypes(method.projector(method.encoder(v))) for v in batch.small]
    terms = []
    for i in range(2):
        q = sinkhorn(scores[i].detach(), epsilon=0.05, iterations=3)
        others = [swapped_prediction(s, q, 0.1) for j, s in enumerate(scores) if j != i]
        terms.append(sum(others[1:], others[0]) / 3)
    loss = method(batch).losses["swapped_prediction"]
    torch.testing.assert_close(loss, (terms[0] + terms[1]) / 2, rtol=1e-4, atol=1e-5)


def stepped(method: Method, progress: float, seed: int = 1) -> Outputs:
    outputs: Outputs = method(batch_for(method, seed=seed))
    method.after_step(outputs, progress)
    return outputs


def test_the_queue_of_swav_is_read_late_and_written_after_it_is_read() -> None:
    method = build("swav", **SWAV, queue=8, queue_start=0.5)
    assert isinstance(method, SwAV)
    method.eval()
    first = stepped(method, 0.0)
    again = method(batch_for(method))
    torch.testing.assert_close(again.losses, first.losses)  # full, but it is too early
    assert again.projections is not None
    pushed = F.normalize(again.projections[:8], dim=-1)
    torch.testing.assert_close(method.assign[0].queue.rows, pushed)
    stepped(method, 0.6, seed=2)
    late = method(batch_for(method))
    assert not torch.allclose(
        late.losses["swapped_prediction"], first.losses["swapped_prediction"], rtol=1e-4
    )


def test_the_queue_of_swav_is_saved() -> None:
    method = build("swav", **SWAV, queue=12, queue_start=0.0)
    for step in range(3):  # 24 rows: the batch does not divide the queue
        stepped(method, 0.5, seed=step)
    again = build("swav", **SWAV, queue=12, queue_start=0.0)
    again.load_state_dict(copy.deepcopy(method.state_dict()))
    for seed in (7, 8):
        assert torch.equal(
            stepped(method, 0.9, seed).losses["swapped_prediction"],
            stepped(again, 0.9, seed).losses["swapped_prediction"],
        )
    for key, value in method.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


def test_prototypes_stand_still_at_first_and_keep_unit_length() -> None:
    method = build("swav", **SWAV, frozen=0.1)
    assert isinstance(method, SwAV)
    method(batch_for(method)).losses["swapped_prediction"].backward()
    method.after_backward(0.2)
    assert method.prototypes.weight.grad is not None
    method.after_backward(0.05)
    assert method.prototypes.weight.grad is None
    with torch.no_grad():
        method.prototypes.weight.mul_(2)
    stepped(method, 0.0)
    torch.testing.assert_close(method.prototypes.weight.norm(dim=-1).detach(), torch.ones(6))


@pytest.mark.parametrize("name", ["barlow_twins", "tico", "wmse", "swav", "lejepa"])
def test_the_same_two_views_shown_twice_keep_the_scale_of_the_loss(name: str) -> None:
    own = {"wmse": {"projector": (16, 2), "slice_size": 8}}.get(name, {"projector": (16, 8)})
    method = build(name, **own).eval()
    two = batch_for(method)
    four = Batch([*two.views, *two.views], two.index, None, two.draws)
    small, large = method(two).losses, method(four).losses
    for key in small:  # a sum over the six pairs would be larger
        assert large[key] <= 1.5 * small[key] + 1e-5, key
    assert method(four).features.shape[0] == 32


@pytest.mark.parametrize("name", ["barlow_twins", "tico", "wmse", "swav", "lejepa"])
def test_swapping_the_views_changes_nothing(name: str) -> None:
    own = {"wmse": {"projector": (16, 2), "slice_size": 8}}.get(name, {"projector": (16, 8)})
    method = build(name, **own).double()
    batch = batch_for(method)
    one, two = (view.double() for view in batch.views)
    forth = method(Batch([one, two], batch.index, None, batch.draws)).losses
    back = method(Batch([two, one], batch.index, None, batch.draws)).losses
    for key, value in forth.items():
        torch.testing.assert_close(value, back[key], rtol=1e-9, atol=1e-12)


def test_wmse_of_the_same_view_twice_is_nought() -> None:
    method = build("wmse", projector=(16, 2), slice_size=4, iterations=3).eval()
    batch = batch_for(method)
    same = Batch([batch.views[0]] * 2, batch.index, None, batch.draws)
    assert method(same).losses["whitened_mse"] < 1e-5
    assert method(batch).losses["whitened_mse"] > 0.1


def test_the_slices_of_wmse_follow_from_the_draw() -> None:
    method = build("wmse", projector=(16, 2), slice_size=4)
    first, second = (method.draw(Keys(0, step, torch.arange(8)))["order"] for step in (0, 1))
    assert first.shape == (8, 1)
    assert first.argsort(0).tolist() != second.argsort(0).tolist()


def test_wmse_refuses_slices_that_it_cannot_whiten() -> None:
    with pytest.raises(Refusal, match="slice_size=128 or more"):
        build("wmse", projector=(16, 64), slice_size=100)
    assert build("wmse", projector=(16, 8), slice_size=16).least_batch == 16


def test_tico_with_beta_0_forgets_and_with_beta_1_learns_nothing_new() -> None:
    forgetful = build("tico", projector=(16, 8), beta=0.0)
    before = forgetful(batch_for(forgetful)).losses["contrast"]
    stepped(forgetful, 0.5, seed=3)
    forgetful.load_state_dict({**build("tico", projector=(16, 8)).state_dict(), "c": forgetful.c})
    torch.testing.assert_close(forgetful(batch_for(forgetful)).losses["contrast"], before)
    fixed = build("tico", projector=(16, 8), beta=1.0)
    assert stepped(fixed, 0.5).losses["contrast"] == 0
    assert (fixed.c == 0).all()


def test_the_covariance_of_tico_is_a_moving_average_of_what_it_saw() -> None:
    method = build("tico", projector=(16, 8), beta=0.9)
    expected = torch.zeros(8, 8)
    for seed in range(3):
        z = stepped(method, 0.5, seed).projections
        assert z is not None
        u = F.normalize(z.detach(), dim=-1)
        expected = 0.9 * expected + 0.1 * u.T @ u / len(u)
    torch.testing.assert_close(method.c, expected)


def test_the_directions_of_lejepa_are_spread_evenly_and_drawn_anew() -> None:
    method = build("lejepa", projector=(16, 5), directions=4000)
    first, second = (method.draw(Keys(0, step, torch.arange(4)))["directions"] for step in (0, 1))
    assert first.shape == (1, 4000, 5)
    torch.testing.assert_close(first.norm(dim=-1), torch.ones(1, 4000))
    torch.testing.assert_close(first[0].mean(0), torch.zeros(5), atol=0.03, rtol=0)
    torch.testing.assert_close(first[0].T @ first[0] / 4000, torch.eye(5) / 5, atol=0.02, rtol=0)
    assert not torch.equal(first, second)
    few = method.draw(Keys(0, 0, torch.arange(9)))["directions"]
    assert torch.equal(few, first)  # whatever the batch, so all ranks draw alike


def test_small_crops_of_lejepa_follow_the_full_views() -> None:
    method = build("lejepa", projector=(16, 8)).eval()
    batch = batch_for(method, small=2)
    z = [method.projector(method.encoder(v)) for v in [*batch.views, *batch.small]]
    outputs = method(batch)
    expected = 0.95 * lejepa.prediction(torch.stack(z), 2)
    torch.testing.assert_close(outputs.losses["prediction"], expected, rtol=1e-4, atol=1e-6)
    assert outputs.features.shape[0] == 16
