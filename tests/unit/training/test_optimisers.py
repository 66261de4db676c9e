"""LARS and Muon against slow transcriptions, and which parameters are spared what."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from selftaught import config, encoders, methods
from selftaught.errors import Refusal
from selftaught.training import optimisers
from selftaught.training.optimisers import LARS, EagerAdamW, EagerSGD


@pytest.mark.parametrize("clip", [False, True])
def test_lars_is_the_authors_rule(clip: bool) -> None:
    torch.manual_seed(0)
    weight, bias = nn.Parameter(torch.randn(4, 3).double()), nn.Parameter(torch.randn(4).double())
    lr, momentum, decay, trust = 0.3, 0.9, 0.01, 0.02
    groups = [
        {"params": [weight], "weight_decay": decay},
        {"params": [bias], "weight_decay": 0.0},
    ]
    optimiser = LARS(groups, lr=lr, momentum=momentum, trust=trust, clip=clip)
    w, b = weight.detach().clone(), bias.detach().clone()
    vw, vb = torch.zeros_like(w), torch.zeros_like(b)
    for _ in range(4):
        gw, gb = torch.randn(4, 3).double(), torch.randn(4).double()
        weight.grad, bias.grad = gw.clone(), gb.clone()
        optimiser.step()
        step = gw + decay * w
        ratio = trust * math.sqrt(float(w.square().sum())) / math.sqrt(float(step.square().sum()))
        if clip:
            ratio = min(ratio / lr, 1.0)
        vw = momentum * vw + ratio * step
        vb = momentum * vb + gb
        w, b = w - lr * vw, b - lr * vb
    torch.testing.assert_close(weight.detach(), w)
    torch.testing.assert_close(bias.detach(), b)


@pytest.mark.parametrize("name", ["sgd", "lars"])
def test_a_step_never_waits_for_the_device(name: str, never_waits: Any) -> None:
    method = methods.build("simclr", encoders.build("resnet_tiny", channels=3, size=16))
    optimiser = optimisers.build(config.Optimiser(name=name, rate=0.1), method, batch=256)
    for parameter in method.parameters():
        parameter.grad = torch.ones_like(parameter)
    for _ in range(2):
        with never_waits():
            optimiser.step()


def test_lars_takes_as_many_operations_for_many_layers_as_for_few(counts: Any) -> None:
    found = []
    for layers in (2, 20):
        weights = [nn.Parameter(torch.ones(3, 2)) for _ in range(layers)]
        optimiser = LARS(weights, lr=0.1, weight_decay=0.1, clip=True)
        for each in weights:
            each.grad = torch.ones_like(each)
        optimiser.step()  # the first makes the buffers
        with counts() as counter:
            optimiser.step()
        found.append(counter.total)
    assert found[0] == found[1]


def test_lars_moves_a_weight_of_length_zero() -> None:
    weight = nn.Parameter(torch.zeros(2, 2))
    weight.grad = torch.ones(2, 2)
    LARS([weight], lr=0.1).step()
    torch.testing.assert_close(weight.detach(), torch.full((2, 2), -0.1))


def test_muon_takes_the_nearest_orthogonal_matrix_and_steps_as_large_as_adamw() -> None:
    """Jordan et al., 2024, by singular values, with Nesterov's momentum; scaled as Liu et al., 2025."""
    torch.manual_seed(0)
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    method = methods.build("simclr", encoder, projector=(8, 4))
    momentum, rate = 0.8, 0.25
    settings = config.Optimiser(name="muon", rate=0.5, decay=0.0, momentum=momentum)
    optimiser = optimisers.build(settings, method, batch=128)
    optimisers.set_rate(optimiser, 0.0, warmup=0.0)
    average = {name: torch.zeros_like(p) for name, p in method.named_parameters()}
    for number in range(2):
        before = {name: p.detach().clone() for name, p in method.named_parameters()}
        for parameter in method.parameters():
            parameter.grad = torch.randn_like(parameter)
        given = {
            name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None
        }
        optimiser.step()
        for name, now in method.named_parameters():
            step = (before[name] - now.detach()) / rate
            if now.ndim == 1:
                if (
                    number == 0
                ):  # Adam's first step is the rate, whatever the gradient; Nesterov's 1.9 of it
                    assert step.abs().mean().item() == pytest.approx(1.9, rel=0.01), name
                continue
            average[name] = momentum * average[name] + (1 - momentum) * given[name]
            ahead = momentum * average[name] + (1 - momentum) * given[name]
            u, _, v = torch.linalg.svd(ahead.flatten(1), full_matrices=False)
            step = step.flatten(1)
            best = 0.2 * math.sqrt(max(step.shape)) * (u @ v)
            alike = torch.nn.functional.cosine_similarity(step.flatten(), best.flatten(), dim=0)
            assert alike > 0.98, name
            assert step.norm() / best.norm() == pytest.approx(1.0, rel=0.2), name


def test_muon_s_decay_is_apart_from_its_step_and_spares_norms() -> None:
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    method = methods.build("simclr", encoder, projector=(8, 4))
    optimiser = optimisers.build(
        config.Optimiser(name="muon", rate=0.5, decay=0.1), method, batch=128
    )
    optimisers.set_rate(optimiser, 0.0, warmup=0.0)
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    for parameter in method.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for name, now in method.named_parameters():
        kept = 1 - 0.25 * 0.1 if now.ndim > 1 else 1.0
        torch.testing.assert_close(now.detach(), kept * before[name])


@pytest.mark.parametrize("key", ["momentum", "betas"])
def test_a_momentum_of_one_is_refused_before_anything_is_built(key: str) -> None:
    value = 1.0 if key == "momentum" else (0.9, 1.0)
    changes = {"optimiser.name": "muon", "optimiser.rate": 0.1, f"optimiser.{key}": value}
    with pytest.raises(Refusal, match="less than 1"):
        config.resolve("simclr", {"data": "shapes"}, changes)


def test_biases_and_norms_are_spared_decay_and_the_rate_follows_the_batch() -> None:
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    method = methods.build("simclr", encoder, projector=(8, 4))
    settings = config.Optimiser(name="sgd", rate=0.5, decay=0.1)
    optimiser = optimisers.build(settings, method, batch=512)
    for group in optimiser.param_groups:
        assert group["peak"] == 1.0
        assert group["weight_decay"] == (0.1 if group["params"][0].ndim > 1 else 0.0)
        assert len({p.ndim > 1 for p in group["params"]}) == 1
    assert len(optimisers.parameters_of(optimiser)) == len(list(method.parameters()))


def test_norms_decay_where_that_is_asked_for() -> None:
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    method = methods.build("simclr", encoder, projector=(8, 4))
    settings = config.Optimiser(name="sgd", decay=0.1, decay_norms=True)
    (group,) = optimisers.build(settings, method, batch=256).param_groups
    assert group["weight_decay"] == 0.1
    assert {p.ndim for p in group["params"]} == {1, 2, 4}


def test_sgd_takes_fewer_operations_than_there_are_weights(counts: Any) -> None:
    method = methods.build("simclr", encoders.build("resnet_tiny", channels=3, size=16))
    optimiser = optimisers.build(config.Optimiser(name="sgd"), method, batch=256)
    for parameter in method.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()  # the first makes the buffers
    with counts() as counter:
        optimiser.step()
    assert counter.total < len(optimisers.parameters_of(optimiser))


def test_the_rate_rises_then_falls_along_half_a_cosine() -> None:
    parameter = nn.Parameter(torch.zeros(2, 2))
    optimiser = torch.optim.SGD([{"params": [parameter], "peak": 2.0, "constant": False}], lr=1.0)
    rates = [optimisers.set_rate(optimiser, p, warmup=0.2) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    assert rates == pytest.approx([0.0, 1.0, 2.0, 1.0, 0.0])


def test_a_constant_group_keeps_its_rate() -> None:
    parameter = nn.Parameter(torch.zeros(2, 2))
    optimiser = torch.optim.SGD([{"params": [parameter], "peak": 2.0, "constant": True}], lr=1.0)
    assert optimisers.set_rate(optimiser, 0.9, warmup=0.0) == 2.0


@pytest.mark.parametrize(
    ("ours", "torchs", "settings"),
    [
        (EagerSGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
        (
            EagerSGD,
            torch.optim.SGD,
            {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "fused": True},
        ),
        (EagerAdamW, torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.01}),
    ],
)
def test_the_unmarked_optimisers_take_torch_s_steps_to_the_bit(
    ours: type[torch.optim.Optimizer], torchs: type[torch.optim.Optimizer], settings: dict[str, Any]
) -> None:
    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 12).view(3, 4)) for _ in range(2)]
    optimisers = [
        kind([weight], **settings) for kind, weight in zip((ours, torchs), weights, strict=True)
    ]
    for _ in range(4):
        for weight, optimiser in zip(weights, optimisers, strict=True):
            weight.sin().square().sum().backward()
            optimiser.step()
            optimiser.zero_grad()
    assert torch.equal(*weights)
    assert not torch.equal(weights[0], torch.linspace(-1, 1, 12).view(3, 4))
    mine, theirs = (optimiser.state_dict()["state"][0] for optimiser in optimisers)
    assert mine.keys() == theirs.keys()
    assert all(
        torch.equal(torch.as_tensor(mine[key]), torch.as_tensor(theirs[key]))
        for key in mine
        if mine[key] is not None
    )


def test_sgd_in_one_pass_takes_the_steps_of_the_plain_form() -> None:
    weights = [nn.Parameter(torch.linspace(-1, 1, 102).view(3, 34)) for _ in range(2)]
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    both = [
        EagerSGD([weight], fused=fused, **settings)
        for weight, fused in zip(weights, (True, False), strict=True)
    ]
    for _ in range(4):
        for weight, optimiser in zip(weights, both, strict=True):
            weight.sin().square().sum().backward()
            optimiser.step()
            optimiser.zero_grad()
    torch.testing.assert_close(*weights, rtol=1e-6, atol=1e-7)


def test_a_gradient_that_comes_late_is_taken_as_the_plain_form_takes_it() -> None:
    """DINO holds its last layer at first: some weights of a group have a momentum already, some have not."""
    weights = [[nn.Parameter(torch.linspace(-1, 1, 16)) for _ in range(2)] for _ in range(2)]
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    both = [EagerSGD(weights[0], fused=True, **settings), torch.optim.SGD(weights[1], **settings)]
    for step in range(4):
        for (early, late), optimiser in zip(weights, both, strict=True):
            (early.sin().square().sum() + (late.cos().sum() if step > 1 else 0)).backward()
            optimiser.step()
            optimiser.zero_grad()
    torch.testing.assert_close(*weights, rtol=1e-6, atol=1e-7)
    assert not torch.equal(weights[0][1], torch.linspace(-1, 1, 16))
