"""MLP probe (Hewitt and Liang, 2019), https://arxiv.org/abs/1909.03368.

What does a small network with one hidden layer read from the frozen features that a linear one cannot?

    logits = W2 ReLU(W1 z + b1) + b2        z: features, standardised by the bank's mean and deviation

Trained with AdamW and half a cosine for a number of steps that does not depend on how many pictures there
are, so that small sets are learnt as thoroughly as large ones. The width of the hidden layer and the weight
decay are chosen on the held pictures; then the head learns from the whole bank. Beside the linear probe's, its
number says how much the features hold that is not linear.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from selftaught.evaluation.results import Pool, Result, accuracy
from selftaught.keys import shuffle
from selftaught.schedules import cosine
from selftaught.types import Count, Counts, NotNegatives, Positive, Seed


@dataclass(frozen=True)
class Head:
    """A trained head, with what standardises its features."""

    layers: nn.Module
    mean: Tensor
    scale: Tensor

    @torch.no_grad()
    def predict(self, features: Float[Tensor, "n d"]) -> Int64[Tensor, " n"]:
        """The class of largest score."""
        found: Tensor = self.layers((features - self.mean) / self.scale).argmax(-1)
        return found


@dataclass(frozen=True)
class Teaching:
    """How a head is trained: steps, pictures in one, AdamW's rate, and where the draws begin."""

    steps: int
    batch: int
    rate: float
    seed: int


def fit(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    *,
    classes: int,
    width: int,
    decay: float,
    teaching: Teaching,
) -> Head:
    """Train a head; the same features, labels and seed give the same head on one device."""
    n, d = features.shape
    mean, deviation = features.mean(0), features.std(0, correction=0)
    still = deviation <= 1e-6 * features.abs().amax(0)
    # Nothing is read from what never moves in the bank, whatever it does elsewhere.
    scale = deviation.masked_fill(still, torch.inf)
    z = (features - mean) / scale
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(teaching.seed)
        layers = nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Linear(width, classes))
    layers = layers.to(features.device)
    optimiser = torch.optim.AdamW(layers.parameters(), lr=teaching.rate, weight_decay=decay)
    batch = min(teaching.batch, n)
    per_epoch = n // batch
    order = torch.empty(0)
    for step in range(teaching.steps):
        epoch, place = divmod(step, per_epoch)
        if place == 0:
            order = shuffle(n, teaching.seed, epoch, features.device)
        rows = order[place * batch : (place + 1) * batch]
        for group in optimiser.param_groups:
            group["lr"] = cosine(teaching.rate, 0.0, step / teaching.steps)
        loss = F.cross_entropy(layers(z[rows]), labels[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return Head(layers, mean, scale)


def protocol(
    pool: Pool,
    *,
    widths: Counts = (128, 512),
    decays: NotNegatives = (0.01, 0.1, 1.0),
    steps: Count = 2000,
    batch: Count = 256,
    rate: Positive = 1e-3,
    seed: Seed = 0,
) -> Result:
    """Width and decay are chosen on the pool's held part, then the head learns from the whole bank.

    Args:
        widths: candidates for the hidden layer's units.
        decays: candidates for AdamW's weight decay.
        steps: of training.
        batch: pictures in a step.
        rate: AdamW's; it falls to zero by half a cosine.
        seed: where the first weights and the order of the pictures begin.
    """
    teaching = Teaching(steps, batch, rate, seed)
    bank, labels = pool.bank.float(), pool.labels
    tried = {}
    for width in sorted(set(widths)):
        for decay in sorted(set(decays), reverse=True):
            head = fit(
                bank[pool.fit],
                labels[pool.fit],
                classes=pool.classes,
                width=width,
                decay=decay,
                teaching=teaching,
            )
            tried[width, decay] = accuracy(head.predict(bank[pool.held]), labels[pool.held])
    # Of equals the narrowest, and of these the most decayed: they stand first.
    width, decay = max(tried, key=lambda pair: tried[pair])
    head = fit(bank, labels, classes=pool.classes, width=width, decay=decay, teaching=teaching)
    return Result.of(
        pool,
        head.predict(pool.queries.float()),
        width=width,
        decay=decay,
        accuracy_when_choosing={f"{w}, {d:g}": right for (w, d), right in tried.items()},
        chosen_on=pool.chosen_on,
        pictures_when_choosing={"fit": len(pool.fit), "held": len(pool.held)},
        optimiser=f"AdamW, rate {rate:g} to 0 by half a cosine, {steps} steps of {batch}",
    )
