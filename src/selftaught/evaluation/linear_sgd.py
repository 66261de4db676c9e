"""Linear probe by SGD (Oquab et al., 2023), https://arxiv.org/abs/2304.07193, appendix B.3.

What does a linear classifier reach when it is trained as the papers train it, on augmented pictures?

Cross-entropy of random crops and flips through the frozen encoder (in evaluation mode), SGD with momentum and
half a cosine. The best rate differs between encoders by orders of magnitude (DINO's is 0.001, MoCo's 30), so
classifiers of all rates learn side by side from one pass of the encoder, as DINOv2's authors do, for as many
epochs as theirs. Beside those that choose the rate stand as many that learn from the whole bank: one of these
answers the queries, and the encoder sees each picture no more often for it.
"""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from selftaught.evaluation.augmented import lessons, shown, steps
from selftaught.evaluation.results import Pool, Result, Subject, accuracy, curve
from selftaught.schedules import cosine
from selftaught.types import Count, Length, NotNegative, Numbers, Seed, Share

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Heads:
    """h linear classifiers on the same features, each with a rate of its own; they start from zero.

    Args:
        dim: d, width of the features.
        classes: k.
        rates: [h], learning rate of each.
        momentum, decay: as torch's SGD has them; the bias decays too, as it does there.
    """

    def __init__(
        self,
        dim: int,
        classes: int,
        rates: Float[Tensor, " h"],
        *,
        momentum: float,
        decay: float,
    ) -> None:
        self.rates, self.momentum, self.decay = rates[:, None, None], momentum, decay
        self.weights = rates.new_zeros(len(rates), dim + 1, classes)
        """[h, d + 1, k]: the last row is the bias."""
        self.velocity = torch.zeros_like(self.weights)

    def logits(self, features: Float[Tensor, "n d"]) -> Float[Tensor, "h n k"]:
        """Scores of the classes by each classifier."""
        return torch.baddbmm(
            self.weights[:, -1:], features.expand(len(self.weights), -1, -1), self.weights[:, :-1]
        )

    def classify(self, features: Float[Tensor, "n d"], place: int) -> Int64[Tensor, " n"]:
        """The class of largest score by one of the classifiers."""
        weights = self.weights[place]
        return torch.addmm(weights[-1], features, weights[:-1]).argmax(-1)

    def step(
        self,
        features: Float[Tensor, "n d"],
        labels: Int64[Tensor, " n"],
        taught: Bool[Tensor, "h n"],
        factor: float,
    ) -> None:
        """One step of SGD on the mean cross-entropy.

        Args:
            taught: which pictures each classifier learns from; one that has none in the batch keeps still.
            factor: of all rates.
        """
        residual = self.logits(features).softmax(-1)
        residual[:, torch.arange(len(labels), device=labels.device), labels] -= 1
        share = taught / taught.sum(1, keepdim=True).clamp(min=1)
        residual *= share[:, :, None]
        gradient = torch.cat(
            [features.T.expand(len(residual), -1, -1) @ residual, residual.sum(1, keepdim=True)], 1
        )
        if self.decay:
            gradient += self.decay * self.weights
        moving = taught.any(1)[:, None, None]
        velocity = self.momentum * self.velocity + gradient
        self.velocity = torch.where(moving, velocity, self.velocity)
        self.weights = torch.where(
            moving, self.weights - factor * self.rates * self.velocity, self.weights
        )


def protocol(
    pool: Pool,
    subject: Subject,
    *,
    epochs: Count = 10,
    fewest: Length = 500,
    batch: Count = 256,
    rates: Numbers = RATES,
    momentum: Share = 0.9,
    decay: NotNegative = 0.0,
    seed: Seed = 0,
) -> Result:
    """The rate is chosen on the pool's held part; the classifier that answers learnt from the whole bank.

    Args:
        epochs: passes over the bank, each with new crops and flips.
        fewest: steps that are taken at least; DINOv2's ten epochs are of 1.3 million pictures.
        batch: pictures in a step.
        rates: candidates, for a batch of 256; they are scaled with the batch.
        momentum: of SGD.
        decay: weight decay.
        seed: where the order of the pictures and their augmentation begin.
    """
    device = pool.bank.device
    views = shown(subject, "supervised")
    taught = torch.zeros(2, len(pool.bank), dtype=torch.bool)
    taught[0, pool.fit.cpu()], taught[1] = True, True
    taught = taught.repeat_interleave(len(rates), 0)
    used = min(batch, len(pool.bank))
    heads = Heads(
        pool.bank.shape[1],
        pool.classes,
        torch.tensor(rates, device=device).repeat(2) * used / 256,
        momentum=momentum,
        decay=decay,
    )
    count = steps(len(pool.bank), batch=used, epochs=epochs, fewest=fewest)
    labels = pool.labels.cpu()
    course = lessons(subject.bank, views, device=device, batch=used, steps=count, seed=seed)
    for lesson in course:
        with (
            torch.inference_mode(),
            torch.autocast(device.type, subject.dtype, enabled=subject.dtype != torch.float32),
        ):
            features = subject.encoder(lesson.views[0]).float()
        heads.step(
            features,
            labels[lesson.index].to(device),
            taught[:, lesson.index].to(device),
            cosine(1.0, 0.0, lesson.progress),
        )
    held, answers = pool.bank[pool.held], pool.labels[pool.held]
    tried = {
        rate: accuracy(heads.classify(held, place), answers) for place, rate in enumerate(rates)
    }
    chosen = max(tried, key=lambda rate: (tried[rate], -rate))
    answer = heads.classify(pool.queries, len(rates) + rates.index(chosen))
    ordered = sorted(tried)
    return Result.of(
        pool,
        answer,
        curves={
            "held_accuracy_by_rate": curve(
                ordered, [tried[rate] for rate in ordered], across="rate", up="accuracy"
            )
        },
        rate=chosen,
        accuracy_when_choosing={f"{rate:g}": tried[rate] for rate in ordered},
        chosen_on=pool.chosen_on,
        pictures_when_choosing={"fit": len(pool.fit), "held": len(pool.held)},
        steps=count,
        batch_used=used,
        augmentation="random crop and flip (the preset 'supervised'); the encoder is frozen",
    )
