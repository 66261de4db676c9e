"""From a teacher's answers to what a student is told: centred, then sharpened (DINO, iBOT)."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from selftaught.distributed import gather
from selftaught.parts.assignment import sinkhorn
from selftaught.schedules import rise


class Centre(nn.Module):
    """Caron et al., 2021, equation 4: c <- m c + (1 - m) mean(rows), over the rows of all ranks.

    It is read in ``forward`` and written in ``after_step``; at first it is zero.

    Args:
        dim: width of a row.
        momentum: m; 0 keeps the last mean alone.
    """

    value: Tensor

    def __init__(self, dim: int, momentum: float = 0.9) -> None:
        super().__init__()
        self.register_buffer("value", torch.zeros(dim))
        self.momentum = momentum

    @torch.no_grad()
    def follow(self, rows: Float[Tensor, "n p"]) -> None:
        """Move towards the mean of the rows; every rank gives as many."""
        mean = rows.to(self.value.dtype).mean(dim=0, keepdim=True)
        self.value.lerp_(gather(mean).mean(dim=0), 1 - self.momentum)


class Sharpener(nn.Module):
    """Probabilities softmax((rows - centre) / temperature), or balanced ones, without gradient.

    Args:
        dim: width of a row.
        temperature: at the beginning and after the warm-up; a high one at once is unstable.
        warmup: share of the training in which it rises, in a straight line.
        balancing: rounds of ``sinkhorn`` over the rows of all ranks, in the centre's stead (Oquab et al., 2024,
            section 4); 0 for none.
        centring: False leaves the centre at zero.
    """

    heat: Tensor

    def __init__(
        self,
        dim: int,
        temperature: tuple[float, float],
        warmup: float,
        balancing: int = 0,
        centring: bool = True,
    ) -> None:
        super().__init__()
        self.centre = Centre(dim)
        self.register_buffer("heat", torch.tensor(rise(*temperature, 0.0, until=warmup)))
        self.temperature, self.warmup = temperature, warmup
        self.centring, self.balancing = centring and not balancing, balancing

    @torch.no_grad()
    def forward(
        self, rows: Float[Tensor, "*n p"], asked: Bool[Tensor, "*n"] | None = None
    ) -> Float[Tensor, "*n p"]:
        """One distribution a row.

        Args:
            asked: the rows that balancing is over; all, unless they are given or none is.
        """
        rows = rows.to(self.heat.dtype)
        if not self.balancing:
            return F.softmax((rows - self.centre.value) / self.heat, dim=-1)
        # Next to nothing instead of nothing: were no row asked for, there would be nothing to share out.
        weights = None if asked is None else asked.flatten().to(rows.dtype).clamp_min(1e-20)
        flat = rows.flatten(0, -2)
        shared = sinkhorn(flat, epsilon=self.heat, iterations=self.balancing, weights=weights)
        return shared.view(rows.shape)

    def follow(self, rows: Float[Tensor, "n p"], progress: float) -> None:
        """Move the centre, and the temperature to where the step that was taken stood: it lags one behind."""
        if self.centring:
            self.centre.follow(rows)
        self.heat.fill_(rise(*self.temperature, progress, until=self.warmup))
