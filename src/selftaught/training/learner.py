"""What a training moves from step to step."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.amp import GradScaler
from torch.optim import Optimizer

from selftaught.methods import Method


@dataclass(frozen=True)
class Learner:
    """A method, what moves its weights, and what keeps small gradients from vanishing on the way.

    Attributes:
        method: on the run's device, in training.
        optimiser: over its parameters.
        scaler: of losses in float16, whose smallest number is 6e-8; without effect in other precisions. A step
            whose gradients overflow is left out, and the scale halved.
    """

    method: Method
    optimiser: Optimizer
    scaler: GradScaler

    def backward(self, loss: Tensor) -> None:
        """Gradients of the loss, scaled."""
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self) -> None:
        """Move the weights by what ``backward`` left, and clear that."""
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad(set_to_none=True)

    def scale(self) -> dict[str, Any]:
        """The scaler's state, which a checkpoint keeps; empty where it has no effect."""
        return self.scaler.state_dict()
