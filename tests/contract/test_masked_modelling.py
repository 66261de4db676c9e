"""Claims about MAE, SimMIM and I-JEPA, and the traps they fall into."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from selftaught import encoders, methods
from selftaught.batch import Batch
from selftaught.encoders import PatchEncoder
from selftaught.encoders.vit import ViT
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods import Method

NAMES = ["mae", "simmim", "ijepa"]
SMALL: dict[str, dict[str, Any]] = {
    "mae": {"width": 16, "depth": 1, "heads": 2},
    "simmim": {},
    "ijepa": {"width": 16, "depth": 1, "heads": 2},
}


def build(name: str, size: int = 32, **parameters: Any) -> Method:
    torch.manual_seed(0)
    encoder = ViT("vit_micro", channels=3, size=size, pool="mean")
    encoder.blocks = encoder.blocks[:2]
    return methods.build(name, encoder, **{**SMALL[name], **parameters}).double()


def batch_for(method: Method, n: int = 3, size: int = 32) -> Batch:
    generator = torch.Generator().manual_seed(1)
    view = torch.randn(n, 3, size, size, generator=generator, dtype=torch.float64)
    return Batch([view], torch.arange(n), draws=method.draw(Keys(0, 0, torch.arange(n))))


def pixels_of(places: Tensor, grid: int = 8, patch: int = 4) -> Tensor:
    """[n, 1, s, s], True on the pixels of some patches."""
    mask = torch.zeros(len(places), grid**2, dtype=torch.bool).scatter(1, places, True)
    square = mask.view(-1, 1, grid, grid)
    return square.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


def changed(batch: Batch, where: Tensor, value: float = 7.0) -> Batch:
    return Batch([batch.views[0].masked_fill(where, value)], batch.index, draws=batch.draws)


def heard(module: torch.nn.Module, method: Method, batch: Batch) -> Tensor:
    """What a part of the method answers during its forward."""
    answers: list[Tensor] = []
    handle = module.register_forward_hook(lambda _, __, answer: answers.append(answer))
    method(batch)
    handle.remove()
    return answers[0]


@pytest.mark.parametrize(
    ("name", "part", "hidden"),
    [("mae", "decoder", "hide"), ("simmim", "head", "hide"), ("ijepa", "predictor", "targets")],
)
def test_guesses_do_not_see_what_is_hidden(name: str, part: str, hidden: str) -> None:
    method = build(name)
    batch = batch_for(method)
    guesses = heard(getattr(method, part), method, batch)
    where = pixels_of(batch.draws[hidden].flatten(1))
    torch.testing.assert_close(heard(getattr(method, part), method, changed(batch, where)), guesses)
    seen = heard(getattr(method, part), method, changed(batch, ~where))
    assert not torch.allclose(seen, guesses)


@pytest.mark.parametrize("name", ["mae", "simmim"])
def test_the_loss_is_of_hidden_pixels_alone(name: str) -> None:
    """Its gradient reaches no pixel that was shown, but through what the encoder makes of it."""
    method = build(name)
    batch = batch_for(method)
    for parameter in method.parameters():
        torch.nn.init.zeros_(parameter)  # guesses of zero, which no pixel moves
    batch.views[0].requires_grad_()
    (loss,) = method(batch).losses.values()
    loss.backward()
    gradient = batch.views[0].grad
    assert gradient is not None
    where = pixels_of(batch.draws["hide"]).expand_as(gradient)
    assert gradient[~where].abs().sum() == 0
    assert gradient[where].abs().sum() > 0


def test_mae_counts_the_error_of_each_hidden_patch_at_its_own_place() -> None:
    """The loss once more, from the picture cut by hand."""
    method = build("mae", normalise=False)
    batch = batch_for(method)
    guesses = heard(method.decoder, method, batch).detach()  # type: ignore[arg-type]
    picture, total = batch.views[0], 0.0
    for i in range(3):
        for k, place in enumerate(batch.draws["hide"][i].tolist()):
            row, column = 4 * (place // 8), 4 * (place % 8)
            patch = picture[i, :, row : row + 4, column : column + 4].flatten()
            total += float((guesses[i, k] - patch).square().mean()) / 48 / 3
    assert method(batch).losses["reconstruction"].item() == pytest.approx(total, rel=1e-9)


def test_simmim_can_have_patches_by_their_own_mean_and_deviation() -> None:
    """What a patch's colours are is then no part of the target."""
    plain, own = build("simmim"), build("simmim", normalise=True)
    own.load_state_dict(plain.state_dict())
    batch = batch_for(plain)
    dimmer = Batch([batch.views[0] * 0.5 + 0.2], batch.index, draws=batch.draws)
    for method, moved in ((plain, True), (own, False)):
        for parameter in method.parameters():
            torch.nn.init.zeros_(parameter)  # guesses of zero: the loss is the target's
        one, other = (method(each).losses["reconstruction"] for each in (batch, dimmer))
        assert (abs(one - other) > 0.01 * one) == moved


def test_mae_hides_three_quarters_and_the_encoder_reads_the_rest() -> None:
    method = build("mae")
    seen: list[int] = []
    encoder = method.encoder
    assert isinstance(encoder, ViT)
    encoder.blocks.register_forward_hook(lambda _, given, __: seen.append(given[0].shape[1]))
    method(batch_for(method))
    assert seen == [1 + 16]


def test_masks_that_hide_nothing_or_all_are_refused() -> None:
    for name in ("mae", "simmim"):
        with pytest.raises(Refusal, match=rf"{name}: mask=0 hides 0 of \d+ places"):
            build(name, mask=0.0)
    with pytest.raises(Refusal, match=r"mask=0\.99 hides 64 of 64"):
        build("mae", mask=0.99)


def test_simmim_refuses_squares_that_do_not_fill_the_grid() -> None:
    with pytest.raises(Refusal, match=r"unit=3.*grid of 8.*multiple of 12"):
        build("simmim", unit=3)


def test_ijepa_refuses_a_grid_that_its_targets_fill() -> None:
    with pytest.raises(Refusal, match="4 targets fill a grid of 2 by 2"):
        build("ijepa", size=8)


def test_heads_that_do_not_share_the_width_are_refused() -> None:
    with pytest.raises(Refusal, match="width 16 cannot be shared by 3 heads"):
        build("mae", heads=3)


def test_ijepas_targets_are_the_teachers_and_get_no_gradient() -> None:
    method = build("ijepa")
    batch = batch_for(method)
    before = method(batch)
    assert not before.features.requires_grad
    before.losses["prediction"].backward()
    for key, parameter in method.named_parameters():
        assert (parameter.grad is None) == key.startswith("teacher."), key
    with torch.no_grad():  # another student changes the loss but not what it is asked for
        for parameter in method.encoder.parameters():
            parameter.mul_(1.5)
    after = method(batch)
    assert torch.equal(after.features, before.features)
    assert not torch.equal(after.losses["prediction"], before.losses["prediction"])


def test_ijepa_predicts_layer_normed_tokens_of_the_whole_picture() -> None:
    method = build("ijepa")
    batch = batch_for(method)
    teacher = method.kept
    assert isinstance(teacher, PatchEncoder)
    guesses = heard(method.predictor, method, batch).detach().view(3, 4, -1, 128)  # type: ignore[arg-type]
    with torch.no_grad():
        tokens = teacher.tokens(batch.views[0])[:, 1:]
    total, number = 0.0, 0
    for i in range(3):
        for block in range(4):
            for k, place in enumerate(batch.draws["targets"][i, block].tolist()):
                h = tokens[i, place]
                target = (h - h.mean()) / (h.var(correction=0) + 1e-5).sqrt()
                apart = (guesses[i, block, k] - target).abs()
                total += float(torch.where(apart < 1, apart**2 / 2, apart - 0.5).mean())
                number += 1
    expected = total / number
    assert method(batch).losses["prediction"].item() == pytest.approx(expected, rel=1e-5)


def test_ijepa_keeps_the_teacher_which_follows_in_a_straight_line() -> None:
    method = build("ijepa", momentum=(0.5, 1.0))
    assert method.kept is not method.encoder
    old = [p.clone() for p in method.kept.parameters()]
    with torch.no_grad():
        for parameter in method.encoder.parameters():
            parameter.add_(1.0)
    method.after_step(method(batch_for(method)), 0.5)
    for before, now, student in zip(
        old, method.kept.parameters(), method.encoder.parameters(), strict=True
    ):
        torch.testing.assert_close(now, 0.75 * before + 0.25 * student)


def test_features_are_what_the_kept_network_gives() -> None:
    method = build("ijepa")
    batch = batch_for(method)
    torch.testing.assert_close(method(batch).features, method.kept(batch.views[0]))


@torch.no_grad()
@pytest.mark.parametrize("pool", ["class", "mean"])
def test_a_vits_features_are_its_class_token_or_the_mean_of_its_patches(pool: Any) -> None:
    encoder = encoders.build("vit_micro", channels=3, size=16, pool=pool)
    assert isinstance(encoder, ViT)
    tokens = encoder.tokens(torch.ones(2, 3, 16, 16))
    expected = tokens[:, 0] if pool == "class" else tokens[:, 1:].mean(dim=1)
    torch.testing.assert_close(encoder(torch.ones(2, 3, 16, 16)), expected)
    again = encoders.build(**encoder.recipe)
    assert isinstance(again, ViT)
    assert again.pool == pool


def test_only_our_vits_have_tokens_to_pool() -> None:
    for name in ("resnet_tiny", "pixels"):
        with pytest.raises(Refusal, match=f"pool=mean is for ViTs of ours; {name}"):
            encoders.build(name, channels=3, size=16, pool="mean")
    assert encoders.build("resnet_tiny", channels=3, size=16, pool="class").dim == 128


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_in_two_halves_is_the_mean_of_their_losses(name: str) -> None:
    """Nothing in the loss couples pictures, so ranks need not exchange anything."""
    method = build(name)
    whole = batch_for(method, n=4)
    loss: Callable[[Batch], Tensor] = lambda batch: next(iter(method(batch).losses.values()))  # noqa: E731
    halves = [
        Batch(
            [whole.views[0][rows]],
            whole.index[rows],
            draws={key: value[rows] for key, value in whole.draws.items()},
        )
        for rows in (slice(0, 2), slice(2, 4))
    ]
    torch.testing.assert_close(loss(whole), (loss(halves[0]) + loss(halves[1])) / 2)


@pytest.mark.parametrize("name", NAMES)
def test_an_untrained_method_explains_next_to_nothing(name: str) -> None:
    method = build(name)
    score = method(batch_for(method)).scores["explained"]
    assert score.shape == ()
    assert score.dtype == torch.float32
    assert float(score) < 0.2
