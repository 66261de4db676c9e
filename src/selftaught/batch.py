"""What passes between the loop and a method."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from torch import Tensor, nn


@dataclass(frozen=True)
class Needs:
    """What a method asks of a batch; checked before anything is written.

    Attributes:
        views: how many views of each picture.
        preset: which views its authors used, by name (``views/presets.py``).
        labels: whether it learns from labels (then it is not self-supervised, and says so).
    """

    views: int = 2
    preset: str = "symmetric"
    labels: bool = False


@dataclass
class Batch:
    """One step's pictures, as a method sees them.

    Attributes:
        views: one tensor a view, each [n, c, h, w], normalised float32.
        index: [n] int64, which pictures of the source these are.
        labels: [n] int64, or None unless the method declares that it needs labels.
        draws: what the method's own ``draw`` asked for.
    """

    views: list[Tensor]
    index: Tensor
    labels: Tensor | None = None
    draws: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class ParameterGroup:
    """Parameters that learn alike.

    Attributes:
        parameters: the parameters.
        rate: factor on the learning rate.
        constant: True leaves the rate out of the cosine (SimSiam's predictor).
        decay: False spares these from weight decay; biases and norms are always spared.
    """

    parameters: Iterable[nn.Parameter]
    rate: float = 1.0
    constant: bool = False
    decay: bool = True
