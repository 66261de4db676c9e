"""SGD and AdamW from torch, Muon from timm, LARS from its paper, and the rate over training."""

from collections.abc import Callable, Iterable
from inspect import unwrap
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from selftaught import config
from selftaught.batch import ParameterGroup
from selftaught.methods import Method
from selftaught.schedules import warmup_cosine
from selftaught.vision_libraries import import_timm_optimisers

FUSED = ("cpu", "cuda", "mps")
"""Devices on which torch has SGD and AdamW in one pass over memory."""


class Eager(Optimizer):
    """torch marks these methods as not to be compiled, and to do so imports its compiler when one is first
    called: as long as two hundred steps of a small network. Nobody compiles them here, so the marks are off."""

    add_param_group = unwrap(Optimizer.add_param_group)
    zero_grad = unwrap(Optimizer.zero_grad)
    state_dict = unwrap(Optimizer.state_dict)
    load_state_dict = unwrap(Optimizer.load_state_dict)


class EagerSGD(Eager, SGD):
    """torch's SGD. Momenta begin as zeros, which is the same to the bit: where some weights of a group have one
    and others get their first gradient only now (DINO's last layer is held), torch's fused form fails."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"] if group["fused"] and group["momentum"] else ():
                if p.grad is not None and self.state[p].get("momentum_buffer") is None:
                    self.state[p]["momentum_buffer"] = torch.zeros_like(p)
        unwrap(SGD.step)(self, closure)


class EagerAdamW(Eager, AdamW):
    """torch's AdamW."""

    step = torch.no_grad()(unwrap(AdamW.step))


class LARS(Eager):
    """Layer-wise adaptive rate scaling (You, Gitman and Ginsburg, 2017), arXiv 1708.03888, Algorithm 1.

    Parameters of one dimension (biases, norms) get plain SGD, as every self-supervised recipe has it. The rate
    multiplies the momentum, as VICReg's and Barlow Twins' authors have it, where Algorithm 1 gathers steps
    that were multiplied already: under a changing rate the two are not the same.

    Args:
        parameters: parameters or groups of them.
        lr: learning rate.
        momentum, weight_decay: as SGD's.
        trust: ratio of a layer's step to its weights' norm.
        clip: LARC: a layer's own rate never exceeds ``lr``. The CIFAR recipes need it with trust 0.02; it
            is another optimiser than the authors', and a rate found for one is wrong for the other.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        *,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = 0.001,
        clip: bool = False,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, {**defaults, "trust": trust, "clip": clip})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            if not weights:
                continue
            steps = [p.grad for p in weights]
            if group["weight_decay"]:
                steps = list(torch._foreach_add(steps, weights, alpha=group["weight_decay"]))
            matrices = [i for i, p in enumerate(weights) if p.ndim > 1]
            if matrices:
                adapted = self._adapt(
                    [weights[i] for i in matrices], [steps[i] for i in matrices], group
                )
                steps = list(steps)
                for i, step in zip(matrices, adapted, strict=True):
                    steps[i] = step
            for p in weights:
                if "momentum_buffer" not in self.state[p]:
                    self.state[p]["momentum_buffer"] = torch.zeros_like(p)
            buffers = [self.state[p]["momentum_buffer"] for p in weights]
            torch._foreach_mul_(buffers, group["momentum"])
            torch._foreach_add_(buffers, steps)
            torch._foreach_add_(weights, buffers, alpha=-group["lr"])

    @staticmethod
    def _adapt(weights: list[Any], steps: list[Any], group: dict[str, Any]) -> list[Any]:
        """Steps scaled to the weights, by |g + decay w|, which is what the self-supervised authors (SimCLR,
        BYOL, VICReg) divide by; the paper's denominator |g| + decay |w| is never smaller."""
        sizes = torch.stack(torch._foreach_norm(weights))
        lengths = torch.stack(torch._foreach_norm(steps))
        moving = (sizes > 0) & (lengths > 0)
        ratio = torch.where(moving, group["trust"] * sizes / lengths.clamp_min(1e-30), 1.0)
        if group["clip"]:
            ratio = (ratio / max(group["lr"], 1e-30)).clamp(max=1.0)
        return list(torch._foreach_mul(steps, list(ratio.unbind())))


def build(settings: config.Optimiser, method: Method, batch: int) -> Optimizer:
    """The optimiser over a method's parameter groups; the rate is scaled by batch / 256.

    Biases and norms (one dimension) are spared weight decay in every group, unless ``decay_norms``.
    """
    rate = settings.rate * batch / 256
    groups = []
    for group in method.parameter_groups():
        parameters = list(group.parameters)
        for decayed in (True, False):
            chosen = [p for p in parameters if _decays(p, group, settings) == decayed]
            if chosen:
                groups.append(
                    {
                        "params": chosen,
                        "weight_decay": settings.decay if decayed else 0.0,
                        "peak": rate * group.rate,
                        "constant": group.constant,
                    }
                )
    fused = all(p.device.type in FUSED for p in method.parameters())
    if settings.name == "adamw":
        return EagerAdamW(groups, lr=rate, betas=settings.betas, fused=fused)
    if settings.name == "lars":
        return LARS(
            groups, lr=rate, momentum=settings.momentum, trust=settings.trust, clip=settings.clip
        )
    if settings.name == "muon":
        return _muon(groups, rate, settings)
    return EagerSGD(groups, lr=rate, momentum=settings.momentum, fused=fused)


def _muon(groups: list[dict[str, Any]], rate: float, settings: config.Optimiser) -> Optimizer:
    """Muon (Jordan et al., 2024) for matrices and kernels, which it flattens to [out, in h w]; AdamW with
    Nesterov's momentum for the rest: biases, norms, tokens and positions, and what timm takes for no matrix (a
    side below 4, one side more than 128 times the other, depthwise kernels). Steps are scaled to the size of
    AdamW's (Liu et al., 2025, arXiv 2502.16982, equation 4), so rates are of the size of AdamW's too."""
    muon: Optimizer = import_timm_optimisers().Muon(
        groups,
        lr=rate,
        momentum=settings.momentum,
        betas=settings.betas,
        nesterov=True,
        adjust_lr_fn="match_rms_adamw",
    )
    return muon


def _decays(parameter: nn.Parameter, group: ParameterGroup, settings: config.Optimiser) -> bool:
    return group.decay and (parameter.ndim > 1 or settings.decay_norms)


def set_rate(optimiser: Optimizer, progress: float, warmup: float) -> float:
    """Set each group's rate for this point of the training; returns the first group's.

    Args:
        progress: share of the training that is done.
        warmup: share of the training that the warm-up takes.
    """
    factor = warmup_cosine(progress, warmup)
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * (1.0 if group["constant"] else factor)
    rate: float = optimiser.param_groups[0]["lr"]
    return rate


def parameters_of(optimiser: Optimizer) -> list[nn.Parameter]:
    """All parameters in the optimiser's own order, which is how their state is stored."""
    return [p for group in optimiser.param_groups for p in group["params"]]
