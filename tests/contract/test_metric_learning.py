"""Claims of metric learning: which setting is which, and what no batch may meet."""

import math
from itertools import combinations
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from selftaught import encoders, methods
from selftaught.batch import Batch
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods import Method
from selftaught.methods.metric_learning import mocov3, nnclr
from selftaught.methods.metric_learning.dcl import decoupled
from selftaught.methods.metric_learning.mean_shift import mean_shift
from selftaught.methods.metric_learning.nnclr import nearest
from selftaught.methods.metric_learning.simclr import nt_xent
from selftaught.methods.metric_learning.supcon import kinds_of, supcon
from selftaught.methods.self_distillation.byol import regression

PREDICTED = {"projector": (16, 8), "predictor": (16, 8)}
SMALL: dict[str, dict[str, Any]] = {
    "dcl": {"projector": (16, 8)},
    "mean_shift": {**PREDICTED, "queue": 12, "k": 3},
    "moco": {"projector": (16, 8), "queue": 12, "splits": 2},
    "mocov3": PREDICTED,
    "nnclr": {**PREDICTED, "queue": 12},
    "spectral": {"projector": (16, 8)},
    "supcon": {"projector": (16, 8)},
}
BOTH_WAYS = {"mean_shift": {"symmetric": True}, "moco": {"symmetric": True}}


def build(name: str, encoder: str = "resnet_tiny", **parameters: Any) -> Method:
    torch.manual_seed(0)
    built = encoders.build(encoder, channels=3, size=16)
    return methods.build(name, built, classes=4, **{**SMALL[name], **parameters}).double()


def views(count: int, n: int = 8) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shape = (count, n, 3, 16, 16)
    return list(torch.randn(shape, generator=generator, dtype=torch.float64))


def batch(method: Method, of: list[Tensor]) -> Batch:
    everyone = torch.arange(len(of[0]))
    return Batch(of, everyone, everyone % 4, method.draw(Keys(0, 0, everyone)))


def loss(method: Method, of: list[Tensor]) -> Tensor:
    return torch.stack(list(method(batch(method, of)).losses.values())).sum()


def rows(n: int, p: int, seed: int = 0) -> Tensor:
    return torch.randn(n, p, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


# One setting is another ------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [torch.arange(6), -torch.ones(6, dtype=torch.long)])
def test_supcon_with_every_label_different_or_unknown_is_simclr(labels: Tensor) -> None:
    z = rows(12, 5)
    close(supcon(z, kinds_of(labels).repeat(2), 0.2), nt_xent(z, 0.2))


def test_a_picture_without_a_label_is_nobody_s_positive() -> None:
    """Its row is SimCLR's, and the labelled rows find it among the negatives alone."""
    z = rows(8, 5)
    labels = torch.tensor([0, 0, -1, -1])
    expected = supcon(z, torch.tensor([0, 0, 1, 2]).repeat(2), 0.2)
    close(supcon(z, kinds_of(labels).repeat(2), 0.2), expected)


def test_dcl_is_simclr_with_one_term_less_below_the_line() -> None:
    """Row by row exp(simclr) = 1 + exp(dcl); all rows are alike in a batch of two opposite pictures."""
    z = torch.tensor([[1.0, 0.2], [-1.0, -0.2], [1.0, -0.2], [-1.0, 0.2]], dtype=torch.float64)
    close(nt_xent(z, 0.5).exp(), 1 + decoupled(z, 0.5).exp())
    assert decoupled(torch.ones(8, 3), 0.5).item() == pytest.approx(math.log(6), rel=1e-6)


def test_mean_shift_of_one_neighbour_is_byol_s_regression_whatever_the_queue() -> None:
    """Even where targets lie so close that float32 cannot tell which of them is nearest."""
    p, t = rows(1, 5).float(), (rows(1, 5, seed=1) + 1e-4 * rows(7, 5, seed=2)).float()
    queue = F.normalize(t[:1] + 1e-4 * rows(300, 5, seed=3).float(), dim=-1)
    for one in t:
        value = mean_shift(p, one[None], queue, 1)
        torch.testing.assert_close(value, regression(p, one[None]), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("whitening", [0, 6])
def test_mean_shift_of_one_neighbour_is_half_of_byol(whitening: int) -> None:
    """BYOL sums its two directions, mean shift averages them: with equal weights a factor of 2."""
    torch.manual_seed(0)
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    byol = methods.build("byol", encoder, **PREDICTED, whitening=whitening).double()
    shift = build("mean_shift", k=1, symmetric=True, whitening=whitening)
    missing, unexpected = shift.load_state_dict(byol.state_dict(), strict=False)
    assert not unexpected
    for key in missing:  # last biases, which BYOL's heads do not have
        if key.endswith("bias"):
            shift.get_parameter(key).data.zero_()
    assert {key.rpartition(".")[2] for key in missing} == {"bias", "rows", "place"}
    close(2 * loss(shift, views(2)), loss(byol, views(2)))


@pytest.mark.parametrize("name", ["mean_shift", "moco"])
def test_symmetric_is_the_mean_of_both_directions(name: str) -> None:
    one, two = views(2)
    forth, back = loss(build(name), [one, two]), loss(build(name), [two, one])
    assert not torch.isclose(forth, back, rtol=1e-6)
    close(loss(build(name, symmetric=True), [one, two]), (forth + back) / 2)


@pytest.mark.parametrize("name", ["mean_shift", "nnclr"])
def test_a_queue_of_size_0_leaves_the_batch(name: str) -> None:
    """And moves nothing: the loss after a step of the teacher's at momentum 1 is the loss before."""
    still = {"momentum": (1.0, 1.0)} if name == "mean_shift" else {}
    method = build(name, queue=0, **still)
    before = method(batch(method, views(2)))
    method.after_step(before, 0.5)
    close(loss(method, views(2)), torch.stack(list(before.losses.values())).sum())


def test_of_an_empty_queue_the_view_itself_is_its_neighbour() -> None:
    z = rows(5, 3).requires_grad_()
    found = nearest(z, z[:0].detach())
    close(found, F.normalize(z.detach(), dim=-1))
    assert not found.requires_grad


def test_moco_without_a_queue_is_refused() -> None:
    with pytest.raises(Refusal, match="queue=0 leaves no negatives"):
        build("moco", queue=0)


# Views -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_swapping_the_views_changes_nothing(name: str) -> None:
    method = build(name, **BOTH_WAYS.get(name, {}))
    one, two = views(2)
    close(loss(method, [one, two]), loss(method, [two, one]))


@pytest.mark.parametrize("name", ["mean_shift", "moco", "mocov3", "nnclr", "spectral"])
def test_three_views_are_the_mean_of_their_pairs(name: str) -> None:
    """For all that encode views one by one; SimCLR's kin share batch statistics, which views change."""
    method = build(name, **BOTH_WAYS.get(name, {}))
    three = views(3)
    pairs = torch.stack([loss(method, list(pair)) for pair in combinations(three, 2)])
    close(loss(method, three), pairs.mean())


def test_nnclr_s_positive_is_the_neighbour_of_the_other_view() -> None:
    method = build("nnclr")
    z = [method.get_submodule("projector")(method.encoder(view)) for view in views(2)]
    p = [method.get_submodule("predictor")(each) for each in z]
    near = [nearest(each, method.get_buffer("queue.rows")) for each in z]
    expected = (nnclr.contrast(p[0], near[1], 0.1) + nnclr.contrast(p[1], near[0], 0.1)) / 2
    close(loss(method, views(2)), expected)


def test_moco_v3_sums_both_directions() -> None:
    method = build("mocov3", temperature=0.5)
    k = [method.get_submodule("teacher")(view) for view in views(2)]
    z = [method.get_submodule("projector")(method.encoder(view)) for view in views(2)]
    q = [method.get_submodule("predictor")(each) for each in z]
    expected = mocov3.contrast(q[0], k[1], 0.5) + mocov3.contrast(q[1], k[0], 0.5)
    close(loss(method, views(2)), expected)


@pytest.mark.parametrize("name", ["mean_shift", "moco"])
def test_one_direction_compares_the_first_view_with_each_other_view(name: str) -> None:
    method = build(name)
    first, second, third = views(3)
    expected = (loss(method, [first, second]) + loss(method, [first, third])) / 2
    close(loss(method, [first, second, third]), expected)


@pytest.mark.parametrize("name", ["dcl", "supcon"])
def test_three_views_may_share_batch_statistics(name: str) -> None:
    method = build(name)
    outputs = method(batch(method, views(3)))
    assert len(outputs.features) == 24
    permuted = loss(method, [views(3)[place] for place in (2, 0, 1)])
    close(permuted, torch.stack(list(outputs.losses.values())).sum())


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("dcl", [16]),
        ("supcon", [16]),
        ("spectral", [8, 8]),
        ("nnclr", [8, 8]),
        ("mocov3", [8, 8]),
        ("moco", [4, 4]),
        ("mean_shift", [8]),
    ],
)
def test_who_shares_batch_statistics_with_whom_is_pinned(name: str, sizes: list[int]) -> None:
    method = build(name)
    seen: list[int] = []
    method.encoder.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    method(batch(method, views(2)))
    assert seen == sizes


# Queues, teachers and parts --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mean_shift", "moco", "nnclr"])
def test_rows_enter_the_queue_after_the_step_and_not_before(name: str) -> None:
    method = build(name)
    outputs = method(batch(method, views(2)))
    rows, queue = outputs.memo["rows"].double(), method.get_buffer("queue.rows")
    torch.testing.assert_close(rows.norm(dim=-1), torch.ones(8, dtype=torch.float64))
    nearby = (rows @ queue.T).max()
    assert nearby < 1 - 1e-6  # no key is among the negatives, no view is its own neighbour
    method.after_step(outputs, 0.5)
    assert torch.equal(queue[:8], rows)
    if name == "nnclr":
        assert torch.equal(nearest(rows, queue), rows)


@pytest.mark.parametrize("name", ["mean_shift", "moco", "nnclr"])
def test_a_queue_that_the_batch_does_not_divide_fills_up_and_goes_on(name: str) -> None:
    method = build(name)  # a queue of 12, batches of 8
    before = method.get_buffer("queue.rows").clone()
    for seed in range(3):
        outputs = method(batch(method, [view + seed for view in views(2)]))
        method.after_step(outputs, 0.5)
    after = method.get_buffer("queue.rows")
    assert not (before == after).all(dim=1).any()
    assert method.get_buffer("queue.place") == 24 % 12


@pytest.mark.parametrize(("n", "splits", "sizes"), [(8, 2, [4, 4]), (5, 8, [3, 2]), (3, 2, [3])])
def test_moco_s_keys_share_statistics_in_other_parts_than_the_queries(
    n: int, splits: int, sizes: list[int]
) -> None:
    method = build("moco", splits=splits)
    seen: dict[str, list[Tensor]] = {"encoder": [], "teacher": []}
    for name, parts in seen.items():
        method.get_submodule(name).register_forward_hook(
            lambda _, given, __, parts=parts: parts.append(given[0])
        )
    one, two = views(2, n)
    given = batch(method, [one, two])
    outputs = method(given)
    assert (
        [len(part) for part in seen["encoder"]] == [len(part) for part in seen["teacher"]] == sizes
    )
    order = given.draws["order"][:, 0].argsort()
    assert not torch.equal(order, torch.arange(n)), "the keys are shuffled"
    assert torch.equal(torch.cat(seen["encoder"]), one)
    assert torch.equal(torch.cat(seen["teacher"]), two[order])
    keys = torch.cat([method.get_submodule("teacher")(part) for part in two[order].split(sizes)])
    expected = F.normalize(keys.float(), dim=-1)
    torch.testing.assert_close(outputs.memo["rows"][order], expected)  # each beside its query


@pytest.mark.parametrize("frozen", [True, False])
def test_moco_v3_keeps_a_vit_s_patch_projection_as_it_was_drawn(frozen: bool) -> None:
    method = build("mocov3", "vit_micro", freeze_patches=frozen)
    loss(method, views(2)).backward()  # type: ignore[no-untyped-call]
    without = {key for key, p in method.encoder.named_parameters() if p.grad is None}
    assert without == ({"cut.weight", "cut.bias"} if frozen else set())


def test_moco_v3_keeps_the_patch_projection_of_timm_s_vits_too() -> None:
    method = build("mocov3", "timm:vit_tiny_patch16_224")
    without = {key for key, p in method.encoder.named_parameters() if not p.requires_grad}
    assert without == {"network.patch_embed.proj.weight", "network.patch_embed.proj.bias"}
