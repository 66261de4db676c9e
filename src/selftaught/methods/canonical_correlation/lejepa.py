"""LeJEPA (Balestriero and LeCun, 2025), https://arxiv.org/abs/2511.08544, Algorithms 1 and 2.

    (1 - lambda) |mean of the full views - z|^2 + lambda SIGReg(z)   z of full views and small crops

SIGReg asks that embeddings, seen along random directions, be standard normal: the Epps-Pulley distance of
their characteristic function to the normal one. No teacher, no stop-gradient. Lambda, directions and the 17
points on [-5, 5] are the paper's, the projector the authors' minimal example's. The integrand is even: the
points from 0 on count twice.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.batch import Batch, Needs
from selftaught.distributed import gather
from selftaught.encoders import Encoder
from selftaught.keys import Keys
from selftaught.methods.method import Method, Outputs, in_float32
from selftaught.parts.heads import mlp
from selftaught.types import Count, Fraction, Widths

POINTS, REACH = 17, 5.0


@in_float32
def prediction(z: Float[Tensor, "v n p"], full: int) -> Float[Tensor, ""]:
    """Algorithm 2: squared distance of every view to the mean of the first ``full`` ones."""
    return (z[:full].mean(dim=0) - z).square().mean()


@in_float32
def sigreg(z: Float[Tensor, "v n p"], directions: Float[Tensor, "s p"]) -> Float[Tensor, ""]:
    """Algorithm 1: n times the integral of |phi_z(t) - phi(t)|^2 phi(t), over directions and views."""
    step = 2 * REACH / (POINTS - 1)
    t = torch.arange(1, POINTS // 2 + 1, device=z.device, dtype=z.dtype) * step  # at 0 both are 1
    phi = torch.exp(-t.square() / 2)
    counts = torch.where(t < REACH - step / 2, 2 * step, step)  # trapezoid rule, both sides of 0
    x = (z @ directions.to(z.dtype).T)[..., None] * t  # [v, n, s, points]
    apart = (x.cos().mean(dim=1) - phi).square() + x.sin().mean(dim=1).square()
    return z.shape[1] * (apart * phi * counts).sum(dim=-1).mean()


class LeJEPA(Method):
    """Views agree with their mean, and embeddings are standard normal.

    Args:
        projector: widths of the layers of the projector g, the last being z's.
        weight: lambda; 0 collapses, for nothing else keeps embeddings apart; 1 leaves agreement out.
        directions: random directions along which SIGReg looks, others at each step.
    """

    needs = Needs(views=2, more=True, small=6, preset="symmetric")

    def __init__(
        self,
        encoder: Encoder,
        *,
        projector: Widths = (2048, 2048, 128),
        weight: Fraction = 0.05,
        directions: Count = 1024,
    ) -> None:
        super().__init__(encoder)
        self.projector = mlp(encoder.dim, *projector)
        self.weight, self.directions, self.width = weight, directions, projector[-1]

    def draw(self, keys: Keys) -> dict[str, Tensor]:
        """Unit directions for the whole batch, [1, s, p]: normal (Box and Muller), then normalised."""
        numbers = torch.arange(self.directions, device=keys.positions.device)
        half = (self.width + 1) // 2
        u, v = keys.at(numbers).uniform("directions", 2 * half).chunk(2, dim=1)
        radius, angle = (-2 * torch.log1p(-u)).sqrt(), 2 * math.pi * v
        normal = torch.cat([radius * angle.cos(), radius * angle.sin()], dim=1)
        return {"directions": F.normalize(normal[:, : self.width], dim=-1)[None]}

    def forward(self, batch: Batch) -> Outputs:
        h = [self.encoder(x) for x in batch.by_size()]  # all crops of one size together
        z = self.projector(torch.cat(h)).unflatten(0, (-1, len(batch.index)))  # [v, n, p]
        every = gather(z.transpose(0, 1)).transpose(0, 1)  # [v, w n, p], with gradients
        full = len(batch.views)
        losses = {
            "prediction": (1 - self.weight) * prediction(z, full),
            "sigreg": self.weight * sigreg(every, batch.draws["directions"][0]),
        }
        return Outputs(losses, features=h[0], projections=z[:full].flatten(0, 1))
