"""Claims that one setting of a self-distilling method is another, and the traps of the family."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from selftaught import encoders, methods
from selftaught.batch import Batch
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods import Method
from selftaught.methods.self_distillation.byol import BYOL, regression
from selftaught.methods.self_distillation.dino import DINO, distillation
from selftaught.methods.self_distillation.ibot import IBOT, masked
from selftaught.methods.self_distillation.simsiam import SimSiam
from selftaught.parts.assignment import sinkhorn
from selftaught.parts.spread import koleo
from selftaught.parts.teacher import Teacher
from selftaught.parts.whitening import towards_white

HEADS: dict[str, dict[str, Any]] = {
    "byol": {"projector": (16, 8), "predictor": (16, 8)},
    "simsiam": {"projector": (16, 8), "predictor": (4, 8)},
    "dino": {"projector": (16, 8), "prototypes": 12},
    "ibot": {"projector": (16, 8), "prototypes": 12},
}
N = 6


def build(name: str, **parameters: Any) -> Any:
    torch.manual_seed(0)
    architecture = "vit_micro" if name == "ibot" else "resnet_tiny"
    encoder = encoders.build(architecture, channels=3, size=16)
    return methods.build(name, encoder, **{**HEADS[name], **parameters})


def batch(method: Method, views: int = 2, small: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(1)
    crops = [
        torch.randn(N, 3, side, side, generator=generator, dtype=torch.float64)
        for side in [16] * views + [8] * small
    ]
    draws = method.draw(Keys(0, 0, torch.arange(N)))
    return Batch(crops[:views], torch.arange(N), draws=draws, small=crops[views:])


def total(method: Method, given: Batch) -> Tensor:
    return torch.stack(list(method(given).losses.values())).sum()


def gradients(method: Method, given: Batch) -> dict[str, Tensor]:
    method.zero_grad()
    total(method, given).backward()
    return {k: p.grad.clone() for k, p in method.named_parameters() if p.grad is not None}


# Any number of views ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["byol", "simsiam"])
def test_four_views_that_are_two_copies_have_the_scale_of_two(name: str) -> None:
    """Of the six pairs of a, b, a, b two are of one picture with itself; the other four are a with b."""
    method = build(name).double()
    two = batch(method)
    one = Batch([two.views[0]] * 2, two.index)
    other = Batch([two.views[1]] * 2, two.index)
    four = Batch([*two.views, *two.views], two.index)
    expected = (total(method, one) + total(method, other) + 4 * total(method, two)) / 6
    torch.testing.assert_close(total(method, four), expected)


@pytest.mark.parametrize("name", ["byol", "simsiam"])
def test_four_equal_views_lose_what_two_equal_views_lose(name: str) -> None:
    method = build(name).double()
    view = batch(method).views[0]
    two, four = (Batch([view] * count, torch.arange(N)) for count in (2, 4))
    torch.testing.assert_close(total(method, four), total(method, two))


# SimSiam ------------------------------------------------------------------------------------------


def test_byol_s_white_targets_are_the_teacher_s_and_nothing_else_changes() -> None:
    plain, white = build("byol").double(), build("byol", whitening=6).double()
    assert plain.state_dict().keys() == white.state_dict().keys()
    given = batch(white)
    p = [white.predictor(white.projector(white.encoder(view))) for view in given.views]
    t = torch.cat([white.teacher(view) for view in given.views])
    one, other = towards_white(t, 6).chunk(2)
    expected = regression(p[0], other) + regression(p[1], one)
    torch.testing.assert_close(total(white, given), expected)
    assert (total(white, given) - total(plain, given)).abs() > 1e-3


def test_dino_s_white_bottleneck_is_the_teacher_s_before_its_prototypes() -> None:
    plain, white = build("dino").double(), build("dino", whitening=6).double()
    assert plain.state_dict().keys() == white.state_dict().keys()
    given = batch(white)
    h = white.teacher(given.by_size()[0])
    expected = white.head[-1](towards_white(white.head[:-1](h), 6))  # the teacher is still its copy
    torch.testing.assert_close(white(given).memo["raw"], expected)
    torch.testing.assert_close(plain(given).memo["raw"], plain.head(h))


def test_ibot_whitens_class_tokens_and_patches_apart() -> None:
    method: IBOT = build("ibot", whitening=6).double()
    given = batch(method)
    h = method.kept.tokens(given.by_size()[0])
    bottleneck, prototypes = method.head[:-1](h), method.head[-1]
    tokens = prototypes(towards_white(bottleneck[:, 0], 6))
    patches = prototypes(towards_white(bottleneck[:, 1:].flatten(0, 1), 6))
    memo = method(given).memo
    torch.testing.assert_close(memo["tokens"], tokens)
    mean = patches.view(*h[:, 1:].shape[:2], -1).mean(dim=1)
    torch.testing.assert_close(memo["patches"], mean)


def test_simsiam_is_byol_with_a_copied_teacher_up_to_a_factor() -> None:
    """BYOL's 2 - 2 cos summed over both directions is 4 + 4 times SimSiam's mean of - cos."""
    simsiam: SimSiam = build("simsiam").double()
    byol: BYOL = build("byol", momentum=(0.0, 0.0)).double()
    byol.encoder, byol.projector = simsiam.encoder, simsiam.projector
    assert isinstance(simsiam.predictor, nn.Sequential)
    byol.predictor = simsiam.predictor
    byol.teacher = Teacher(simsiam.encoder, simsiam.projector)
    given = batch(simsiam)
    torch.testing.assert_close(total(byol, given), 4 + 4 * total(simsiam, given))
    ours = gradients(simsiam, given)
    for key, theirs in gradients(byol, given).items():
        torch.testing.assert_close(theirs, 4 * ours[key])


def test_without_the_stopped_gradient_the_target_moves_too() -> None:
    stopped, free = build("simsiam").double(), build("simsiam", stop_gradient=False).double()
    given = batch(stopped)
    torch.testing.assert_close(total(stopped, given), total(free, given))
    a, b = gradients(stopped, given), gradients(free, given)
    last = "projector.3.weight"
    assert not torch.allclose(a[last], b[last])
    torch.testing.assert_close(a["predictor.0.weight"], b["predictor.0.weight"])


def test_without_a_predictor_the_projections_themselves_are_compared() -> None:
    method: SimSiam = build("simsiam", predict=False).double()
    given = batch(method)
    z = method(given).projections
    cosines = torch.cosine_similarity(z[:N], z[N:], dim=-1)
    torch.testing.assert_close(total(method, given), -cosines.mean())
    groups = [list(group.parameters) for group in method.parameter_groups()]
    assert groups[1] == []


def test_the_last_norm_of_simsiams_projector_has_no_scale_and_the_predictors_rate_is_constant() -> (
    None
):
    method: SimSiam = build("simsiam")
    last = method.projector[-1]
    assert isinstance(last, nn.BatchNorm1d)
    assert last.weight is None and last.bias is None
    assert [group.constant for group in method.parameter_groups()] == [False, True]


def test_a_predictor_that_ends_elsewhere_is_refused() -> None:
    with pytest.raises(Refusal, match="simsiam: the predictor ends in 9 and the projector in 8"):
        build("simsiam", predictor=(4, 9))
    assert build("simsiam", predictor=(4, 9), predict=False)


# DINO ---------------------------------------------------------------------------------------------


def test_dino_without_small_crops_is_the_mean_of_two_directions() -> None:
    method: DINO = build("dino").double()
    given = batch(method)
    outputs = method(given)
    s = outputs.projections.div(method.temperature).log_softmax(dim=-1).chunk(2)
    t = method.sharpen(outputs.memo["raw"]).chunk(2)
    h = [-(t[i] * s[1 - i]).sum(dim=-1).mean() for i in (0, 1)]
    torch.testing.assert_close(outputs.losses["distillation"], (h[0] + h[1]) / 2)


def test_the_teacher_sees_full_views_alone_and_all_crops_of_a_size_go_together() -> None:
    """Which pictures share batch statistics is part of a method; it is pinned here."""
    for name, tokens in (("dino", False), ("ibot", True)):
        method = build(name).double()
        seen: dict[str, list[tuple[int, int]]] = {"student": [], "teacher": []}
        for who, encoder in (("student", method.encoder), ("teacher", method.kept)):
            first = encoder.cut if tokens else encoder.stem
            first.register_forward_hook(
                lambda _, x, __, to=seen[who]: to.append((len(x[0]), x[0].shape[-1]))
            )
        method(batch(method, small=3))
        assert seen == {"student": [(2 * N, 16), (3 * N, 8)], "teacher": [(2 * N, 16)]}


def test_a_small_crop_moves_the_loss_and_never_the_teacher() -> None:
    for name in ("dino", "ibot"):
        method = build(name).double()
        given = batch(method, small=2)
        before = method(given)
        given.small[1].mul_(-1)
        after = method(given)
        key = next(iter(before.losses))
        assert not torch.allclose(before.losses[key], after.losses[key])
        for memo in before.memo:
            assert torch.equal(before.memo[memo], after.memo[memo])


def test_features_are_the_teachers_and_projections_the_students() -> None:
    method: DINO = build("dino").double()
    given = batch(method, small=2)
    outputs = method(given)
    assert outputs.features.shape == (2 * N, method.kept.dim)
    assert outputs.projections.shape == (2 * N, 12)
    assert not outputs.features.requires_grad and outputs.projections.requires_grad
    assert method.kept is not method.encoder


def test_the_centre_and_the_temperature_move_after_the_step_as_the_paper_says() -> None:
    method: DINO = build("dino", teacher_warmup=0.5).double()
    given = batch(method)
    outputs = method(given)
    assert not method.sharpen.centre.value.any()
    assert method.sharpen.heat.item() == pytest.approx(0.04)
    method.after_step(outputs, 0.25)
    first = method.sharpen.centre.value.clone()
    torch.testing.assert_close(first, 0.1 * outputs.memo["raw"].mean(dim=0))
    assert method.sharpen.heat.item() == pytest.approx(0.055)
    again = method(given)
    method.after_step(again, 0.5)
    expected = 0.9 * first + 0.1 * again.memo["raw"].mean(dim=0)
    torch.testing.assert_close(method.sharpen.centre.value, expected)
    assert method.sharpen.heat.item() == pytest.approx(0.07)


def test_without_centring_the_centre_stays_where_it_was() -> None:
    method: DINO = build("dino", centring=False).double()
    method.after_step(method(batch(method)), 0.5)
    assert not method.sharpen.centre.value.any()


def test_centre_and_temperature_are_saved() -> None:
    for name in ("dino", "ibot"):
        kept = build(name).state_dict()
        assert {"sharpen.centre.value", "sharpen.heat"} <= kept.keys(), name
    assert {"sharpen_patches.centre.value", "sharpen_patches.heat", "stand_in"} <= kept.keys()


@pytest.mark.parametrize("name", ["dino", "ibot"])
def test_the_last_layer_is_held_at_first_and_nothing_else_is(name: str) -> None:
    method = build(name, hold=0.2).double()
    for progress, held in ((0.1, True), (0.2, False)):
        gradients(method, batch(method))
        method.after_backward(progress)
        without = [k for k, p in method.named_parameters() if p.requires_grad and p.grad is None]
        last = f"head.{len(method.head) - 1}.weight"
        assert without == ([last] if held else [])


@pytest.mark.parametrize("name", ["dino", "ibot"])
def test_the_teacher_follows_encoder_and_head(name: str) -> None:
    method = build(name, momentum=(0.0, 0.0)).double()
    with torch.no_grad():
        for parameter in method.encoder.parameters():
            parameter.add_(0.1)
        for parameter in method.head.parameters():
            parameter.add_(0.1)
    outputs = method(batch(method))
    method.after_step(outputs, 0.5)
    for module, teacher in ((method.encoder, method.kept), (method.head, method.teacher_head)):
        for mine, theirs in zip(module.parameters(), teacher.parameters(), strict=True):
            assert torch.equal(mine, theirs)


@pytest.mark.parametrize("name", ["dino", "ibot"])
def test_the_teacher_says_the_same_until_it_follows(name: str) -> None:
    method = build(name).double()
    given = batch(method)
    before = method(given)
    with torch.no_grad():
        for parameter in [*method.encoder.parameters(), *method.head.parameters()]:
            parameter.add_(0.1 * torch.randn_like(parameter))
    after = method(given)
    assert not torch.allclose(before.projections, after.projections)
    for key, value in before.memo.items():
        assert torch.equal(value, after.memo[key])
    assert torch.equal(before.features, after.features)


def test_dino_balances_in_the_centre_s_stead_and_spreads_its_student_s_features() -> None:
    method: DINO = build("dino", sinkhorn=3, koleo=0.1).double()
    given = batch(method, small=2)
    outputs = method(given)
    x = [method.encoder(each) for each in given.by_size()]
    t = sinkhorn(outputs.memo["raw"], epsilon=method.sharpen.heat, iterations=3).view(2, N, -1)
    s = method.head(torch.cat(x)).view(4, N, -1)
    torch.testing.assert_close(
        outputs.losses["distillation"], distillation(t, s, method.temperature)
    )
    torch.testing.assert_close(outputs.losses["spread"], 0.1 * koleo(x[0].view(2, N, -1)))
    method.after_step(outputs, 0.5)
    assert method.sharpen.centre.value.abs().sum() == 0
    assert "spread" not in build("dino").double()(given).losses


# iBOT ---------------------------------------------------------------------------------------------


def test_ibot_with_nothing_hidden_leaves_the_loss_of_dino() -> None:
    ibot: IBOT = build("ibot", hidden=(0.0, 0.0)).double()
    given = batch(ibot, small=2)
    assert not given.draws["hidden"].any()
    dino: DINO = build("dino").double()
    dino.encoder, dino.head = ibot.encoder, ibot.head
    dino.teacher, dino.teacher_head = Teacher(ibot.encoder), Teacher(ibot.head)
    losses = ibot(given).losses
    assert losses["patches"].item() == 0
    torch.testing.assert_close(losses["class_token"], total(dino, given))
    assert gradients(ibot, given)["stand_in"].abs().sum() == 0


def test_ibot_balances_each_kind_of_token_and_spreads_its_student_s_class_tokens() -> None:
    method: IBOT = build("ibot", sinkhorn=3, koleo=0.1).double()
    given = batch(method, small=2)
    outputs = method(given)
    hidden = given.draws["hidden"].transpose(0, 1).flatten(0, 1)
    x = method.encoder.tokens(given.by_size()[0], replace=(hidden, method.stand_in))
    u = method.teacher_head(method.kept.tokens(given.by_size()[0])[:, 1:])
    assert 0 < hidden.sum() < hidden.numel()
    balanced = torch.zeros_like(u)  # of the hidden patches alone, as in DINOv2
    balanced[hidden] = sinkhorn(u[hidden], epsilon=method.sharpen_patches.heat, iterations=3)
    expected = masked(balanced, method.head(x[:, 1:]), hidden, method.heat)
    torch.testing.assert_close(outputs.losses["patches"], expected)
    torch.testing.assert_close(outputs.losses["spread"], 0.1 * koleo(x[:, 0].view(2, N, -1)))
    method.after_step(outputs, 0.5)
    assert method.sharpen_patches.centre.value.abs().sum() == 0


def test_ibot_balances_a_batch_in_which_nothing_is_hidden() -> None:
    method: IBOT = build("ibot", sinkhorn=3).double()
    given = batch(method)
    given.draws["hidden"] = torch.zeros(N, 2, 16, dtype=torch.bool)
    assert method(given).losses["patches"].item() == 0
    assert all(each.isfinite().all() for each in gradients(method, given).values())


def test_the_student_does_not_see_what_is_hidden_and_the_teacher_does() -> None:
    method: IBOT = build("ibot").double()
    given = batch(method)
    given.draws["hidden"] = torch.zeros(N, 2, 16, dtype=torch.bool)
    given.draws["hidden"][:, 0, 0] = True  # the top left patch of the first view
    before = method(given)
    given.views[0][:, :, :4, :4] += 3
    after = method(given)
    torch.testing.assert_close(before.projections, after.projections)
    first, second = before.memo["patches"].chunk(2), after.memo["patches"].chunk(2)
    assert not torch.allclose(first[0], second[0])
    torch.testing.assert_close(first[1], second[1])


def test_each_view_has_its_own_mask_and_draws_go_with_their_pictures() -> None:
    method: IBOT = build("ibot")
    hidden = method.draw(Keys(3, 5, torch.arange(64)))["hidden"]
    assert hidden.shape == (64, 2, 16)
    assert not torch.equal(hidden[:, 0], hidden[:, 1])
    some = method.draw(Keys(3, 5, torch.arange(20, 30)))["hidden"]
    assert torch.equal(hidden[20:30], some)


def test_patches_and_class_tokens_have_their_own_centres() -> None:
    method: IBOT = build("ibot").double()
    outputs = method(batch(method))
    method.after_step(outputs, 0.5)
    centre, patches = method.sharpen.centre.value, method.sharpen_patches.centre.value
    torch.testing.assert_close(centre, 0.1 * outputs.memo["tokens"].mean(dim=0))
    torch.testing.assert_close(patches, 0.1 * outputs.memo["patches"].mean(dim=0))
    assert not torch.allclose(centre, patches)


def test_indifferent_teachers_begin_at_the_logarithm_of_the_prototypes() -> None:
    """With every prototype alike, nobody prefers one, and H is log 12."""
    method: IBOT = build("ibot", hidden=(0.5, 0.5)).double()
    with torch.no_grad():
        for prototypes in (method.head[-1], method.teacher_head.network[-1]):
            prototypes.weight.fill_(1.0)
    losses = method(batch(method)).losses
    assert losses["class_token"].item() == pytest.approx(math.log(12))
