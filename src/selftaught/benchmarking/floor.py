"""The floor of a training step: what the networks alone would take.

Forward and backward of the same networks on inputs that already lie on the device, all that goes through a
network in one size at once, a sum as the loss, and a fused SGD step. Precision, batch and memory format are the
run's; pictures, views, losses, optimiser and bookkeeping do not occur. A teacher's forward, which a method
cannot do without, does.

Which networks a method has, and what passes through them, is not written down for each method: one forward of
it is watched. A network is whatever the method holds that has weights, and, of a ``Teacher``, what that copied.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD

from selftaught.encoders import PatchEncoder
from selftaught.methods import Method
from selftaught.parts.teacher import Teacher
from selftaught.training.batches import assemble
from selftaught.training.loop import requests
from selftaught.training.setup import Setup


@dataclass
class Use:
    """One use of a network.

    Attributes:
        network: what is called.
        inputs, named: with what, positional and by name.
        learns: whether gradients are wanted, which they are not of a teacher.
    """

    network: Callable[..., Tensor]
    inputs: tuple[Any, ...]
    named: dict[str, Any]
    learns: bool


class Floor:
    """Steps of the bare networks, one a call.

    Args:
        setup: of the run whose floor this is; its method is copied, not touched.
        compiled: whether the networks go through ``torch.compile``.
    """

    def __init__(self, setup: Setup, *, compiled: bool) -> None:
        assert isinstance(setup.model, Method)
        method = copy.deepcopy(setup.model)
        self.method = method.to(setup.device).to(memory_format=torch.channels_last).train()
        self.device, self.dtype = setup.device, setup.dtype
        self.uses = together(watched(setup, self.method))
        self.entrances = [x for use in self.uses for x in use.inputs if _learns(x)]
        if compiled:
            networks = {use.network: torch.compile(use.network) for use in self.uses}
            for use in self.uses:
                use.network = networks[use.network]
        # Without a rate the work is the same and the weights stay where they are, however long it goes on.
        weights = [p for p in self.method.parameters() if p.requires_grad]
        fused = setup.device.type in ("cpu", "cuda", "mps")
        self.optimiser = SGD(weights, lr=0.0, momentum=0.9, weight_decay=1e-4, fused=fused)

    def step(self, ended: Callable[[str], None] = lambda part: None) -> None:
        """Take one step, telling ``ended`` each part."""
        half = self.dtype != torch.float32
        with torch.autocast(self.device.type, self.dtype, enabled=half):
            sums = [self._sum(use) for use in self.uses]
            loss = torch.stack([each for each in sums if each is not None]).sum()
        ended("forward")
        loss.backward()  # type: ignore[no-untyped-call]
        ended("backward")
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        for entrance in self.entrances:
            entrance.grad = None
        ended("optimiser")

    @staticmethod
    def _sum(use: Use) -> Tensor | None:
        with torch.set_grad_enabled(use.learns):
            answer = use.network(*use.inputs, **use.named)
        return answer.sum(dtype=torch.float32) if use.learns else None


def _learns(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def networks(module: nn.Module) -> Iterator[nn.Module]:
    """The networks of a method: its encoder and its heads; of a teacher, those that it copied."""
    for child in module.children():
        if isinstance(child, Teacher):
            yield from child.network.children()
        elif isinstance(child, nn.ModuleList):
            yield from networks(child)
        elif next(child.parameters(), None) is not None:
            yield child


def watched(setup: Setup, method: Method) -> list[Use]:
    """What goes through each network in one forward of the method, in order."""
    uses: list[Use] = []
    (fetched,) = setup.source.fetch([next(requests(setup, 0))], setup.views.crop)
    batch = assemble(setup, method, fetched, 0)
    half = setup.dtype != torch.float32
    with ExitStack() as stack:
        for network in networks(method):
            stack.enter_context(_listening(network, uses, setup.dtype))
        with torch.autocast(setup.device.type, setup.dtype, enabled=half):
            method(batch)
    return uses


@contextmanager
def _listening(network: nn.Module, uses: list[Use], dtype: torch.dtype) -> Iterator[None]:
    """Note each call of a network from outside, ``tokens`` of a patch encoder being one as well."""
    names = ["forward", *(["tokens"] if isinstance(network, PatchEncoder) else [])]
    inside = False  # a forward that calls tokens is one use, not two

    def heard(answer: Callable[..., Tensor], name: str, *inputs: Any, **named: Any) -> Tensor:
        nonlocal inside
        if inside:
            return answer(*inputs, **named)
        ready = {key: _in_place(value, dtype) for key, value in named.items()}
        own = network if name == "forward" else answer
        positional = tuple(_in_place(value, dtype) for value in inputs)
        uses.append(Use(own, positional, ready, torch.is_grad_enabled()))
        inside = True
        try:
            return answer(*inputs, **named)
        finally:
            inside = False

    for name in names:
        setattr(network, name, partial(heard, getattr(network, name), name))
    try:
        yield
    finally:
        for name in names:
            delattr(network, name)


def _in_place(value: Any, dtype: torch.dtype) -> Any:
    """A copy of an input, cut off from what made it; pictures are in the precision already."""
    if isinstance(value, tuple):
        return tuple(_in_place(item, dtype) for item in value)
    if not isinstance(value, Tensor):
        return value
    copied = value.detach().clone()
    if copied.is_floating_point() and not value.requires_grad:
        copied = copied.to(dtype)
    return copied.requires_grad_(value.requires_grad)


def together(uses: list[Use]) -> list[Use]:
    """Uses of one network with inputs of one size become one: statistics differ, the arithmetic does not."""
    groups: dict[Any, list[Use]] = {}
    for number, use in enumerate(uses):
        first = use.inputs[0] if len(use.inputs) == 1 and not use.named else None
        key: Any = number
        if isinstance(first, Tensor):
            key = (use.network, use.learns, first.shape[1:], first.dtype, first.requires_grad)
        groups.setdefault(key, []).append(use)
    return [_joined(group) for group in groups.values()]


def _joined(group: list[Use]) -> Use:
    first = group[0]
    if len(group) == 1:
        return first
    whole = torch.cat([use.inputs[0].detach() for use in group])
    return Use(
        first.network,
        (whole.requires_grad_(first.inputs[0].requires_grad),),
        {},
        first.learns,
    )
