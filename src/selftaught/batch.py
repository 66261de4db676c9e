"""What passes between the loop and a method."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Needs:
    """What a method asks of a batch; checked before anything is written.

    Attributes:
        views: how many views of each picture, unless the configuration says otherwise (``views.count``).
        more: whether it takes more views than that.
        small: how many small crops beside them, unless the configuration says otherwise; None takes none.
        tokens: whether it needs an encoder that cuts pictures into patches.
        preset: which views its authors used, by name (``views/presets.py``).
        labels: whether it learns from labels (then it is not self-supervised, and says so).
    """

    views: int = 2
    more: bool = False
    small: int | None = None
    tokens: bool = False
    preset: str = "symmetric"
    labels: bool = False


@dataclass
class Batch:
    """One step's pictures, as a method sees them.

    Attributes:
        views: one tensor a view, each [n, c, s, s], normalised float32.
        index: [n] int64, which pictures of the source these are.
        labels: [n] int64, or None unless the method declares that it needs labels.
        draws: what the method's own ``draw`` asked for.
        small: one tensor a small crop, each [n, c, t, t] with t below s; empty unless the method takes them.
    """

    views: list[Tensor]
    index: Tensor
    labels: Tensor | None = None
    draws: dict[str, Tensor] = field(default_factory=dict)
    small: list[Tensor] = field(default_factory=list)

    def by_size(self) -> list[Tensor]:
        """The full views as one batch [v n, c, s, s], then the small crops, if there are any, as another."""
        return [torch.cat(each) for each in (self.views, self.small) if each]


@dataclass
class ParameterGroup:
    """Parameters that learn alike.

    Attributes:
        parameters: the parameters.
        rate: factor on the learning rate.
        constant: True leaves the rate out of the cosine (SimSiam's predictor).
        decay: False spares these from weight decay; biases and norms are, unless ``optimiser.decay_norms``.
    """

    parameters: Iterable[nn.Parameter]
    rate: float = 1.0
    constant: bool = False
    decay: bool = True
