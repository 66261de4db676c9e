"""The one contract of this package: a method turns a batch of unlabelled pictures into losses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from selftaught.batch import Batch, Needs, ParameterGroup
from selftaught.encoders import Encoder
from selftaught.keys import Keys

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Outputs:
    """What one forward gives back. The loop sums `losses`; monitors read the rest."""

    losses: dict[str, Tensor]  # name -> float32 scalar, already weighted, each one plotted
    features: Tensor  # [v n, d] from the network that is kept: what is probed
    projections: Tensor | None = None  # [v n, p] where the loss lives, watched for collapse
    memo: dict[str, Tensor] = field(default_factory=dict)  # handed back to `after_step`
    scores: dict[str, Tensor] = field(default_factory=dict)  # plotted, not minimised: accuracies


class Method(nn.Module):
    """Subclass, write `forward`. A hook is for what gradients cannot do; most methods need none.

    `forward` reads state and draws nothing; `after_step` writes state: two forwards of one batch agree.
    State is a submodule or a registered buffer, so a checkpoint is `state_dict()` and nothing else.
    `progress` runs from 0 to 1 over training, so a method knows neither epochs nor steps.
    """

    needs: ClassVar[Needs] = Needs(views=2)
    least_batch: int = 2  # pictures of all ranks; one alone has no batch statistics

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    @property
    def kept(self) -> Encoder:
        """The network that is exported, probed and monitored."""
        return self.encoder

    def forward(self, batch: Batch) -> Outputs:
        raise NotImplementedError

    def check_side(self, side: int) -> None:
        """Whether views of this side, in pixels, can be used; each side of a run is asked before it begins.

        Raises:
            Refusal: they cannot.
        """

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        """Masks, permutations, slices for the global batch; they come back as `batch.draws`.

        One row for each picture, or a single row [1, ...] that holds for the whole batch.
        """
        return {}

    def parameter_groups(self) -> Iterator[ParameterGroup]:
        """Which parameters learn at which rate and decay; all alike unless a method says otherwise."""
        yield ParameterGroup(p for p in self.parameters() if p.requires_grad)

    def after_backward(self, progress: float) -> None:
        """Edit gradients before the optimiser reads them (DINO holds its last layer at first)."""

    def after_step(self, outputs: Outputs, progress: float) -> None:
        """Move what gradients do not: teachers, queues, centres."""


@dataclass(frozen=True)
class Material:
    """What a baseline is fitted on."""

    pictures: Tensor  # [n, c, s, s] float32, clean views of training pictures, normalised
    seed: int  # for what is drawn
    mean: tuple[float, ...]  # of each channel in [0, 1], with which the pictures are normalised
    std: tuple[float, ...]
    views: list[Tensor] = field(default_factory=list)  # of the same pictures, if the baseline asks


class Baseline:
    """What a method must beat: an encoder that no gradient has touched, judged like any other.

    `seeded` is False where every seed gives the same encoder. `needs` asks for views besides.
    `own_encoder` is True where the architecture of the comparison is not used: one row serves every table.
    """

    seeded: ClassVar[bool] = True
    own_encoder: ClassVar[bool] = False
    needs: ClassVar[Needs | None] = None

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        """Encoders to choose from; the one that is better on validation stands in the table.

        Args:
            encoder: the architecture of the comparison, with fresh weights.
            given: training pictures, and what goes with them.
        """
        raise NotImplementedError


def in_float32(loss: Callable[P, T]) -> Callable[P, T]:
    """Run a loss with autocast off, on float32: exponentials and variances lose too much in half."""

    @wraps(loss)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        widened: list[Any] = [
            a.float() if isinstance(a, Tensor) and a.dtype in (torch.bfloat16, torch.float16) else a
            for a in args
        ]
        device = next(a.device.type for a in args if isinstance(a, Tensor))
        with torch.autocast(device, enabled=False):
            return loss(*widened, **kwargs)

    return wrapped
