"""Fine-tuning (He et al., 2021), https://arxiv.org/abs/2111.06377, appendix A.1, table 9.

How well does the whole network learn the classes from these weights, with few labels and with all?

The head starts from zero, everything learns: AdamW, a short rise and half a cosine, and a rate that falls from
the head towards the pictures by a factor a layer (Clark et al., 2020; Bao et al., 2021). Views are crops and
flips. Labels are taken evenly from the classes, 1 % and 10 % of them as in SimCLR (Chen et al., 2020,
https://arxiv.org/abs/2002.05709, appendix B.5), where the epochs come from too: 30, and more where labels are
few. MAE's mixing of pictures, erasing and label smoothing are left out: they were found for ImageNet.

The rate is chosen on held pictures, for each share of labels up to a tenth; with more labels than that the
rate of a tenth is taken, because trying costs as much as training. The candidates lie a decade apart, around
MAE's 0.001: few labels want the smallest, a small ResNet with many labels the largest.
"""

import copy
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.optim import AdamW

from selftaught.data import Source
from selftaught.data.division import take_evenly
from selftaught.encoders import Encoder
from selftaught.errors import RunFailed
from selftaught.evaluation.augmented import lessons, shown, steps
from selftaught.evaluation.results import Pool, Result, Subject, accuracy, curve
from selftaught.keys import shuffle
from selftaught.schedules import warmup_cosine
from selftaught.types import Count, Fraction, Fractions, Length, NotNegative, Numbers, Seed, Share

TRIED_ON = 0.1
"""The largest share of the labels that rates are tried with."""

BETAS = (0.9, 0.999)


def labelled(labels: Int64[Tensor, " n"], share: float, seed: int) -> Int64[Tensor, " m"]:
    """Rows of a share of the labels, sorted: as many of each class as there are, one of each at least.

    It depends on labels and seed alone, so every encoder sees the same pictures; a larger share holds a
    smaller one.
    """
    labels = labels.cpu()
    count = max(math.ceil(share * len(labels) - 1e-9), len(torch.unique(labels)))
    return take_evenly(labels, shuffle(len(labels), seed, epoch=0), count)


class Classifier(nn.Module):
    """A copy of an encoder under a linear head of zeros.

    Args:
        encoder: is copied, and stays as it was.
        classes: how many.
    """

    def __init__(self, encoder: Encoder, classes: int) -> None:
        super().__init__()
        self.encoder = copy.deepcopy(encoder).requires_grad_(True)
        self.head = nn.Linear(encoder.dim, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        scores: Tensor = self.head(self.encoder(pictures))
        return scores

    def groups(self, *, rate: float, layer_decay: float, decay: float) -> list[dict[str, object]]:
        """Parameter groups for an optimiser, each with its ``peak`` rate.

        The head learns at ``rate``, each layer below at ``layer_decay`` of the one above. Biases and norms
        (one dimension) are spared weight decay.
        """
        layers = [*self.encoder.layers(), list(self.head.parameters())]
        return [
            {
                "params": chosen,
                "weight_decay": decay if decayed else 0.0,
                "peak": rate * layer_decay ** (len(layers) - 1 - depth),
            }
            for depth, layer in enumerate(layers)
            for decayed in (True, False)
            if (chosen := [p for p in layer if (p.ndim > 1) == decayed])
        ]


@dataclass(frozen=True)
class Course:
    """How a copy is trained; ``protocol`` says what each is."""

    epochs: int
    fewest: int
    batch: int
    layer_decay: float
    decay: float
    warmup: float
    seed: int


def tune(
    subject: Subject,
    source: Source,
    labels: Int64[Tensor, " n"],
    course: Course,
    *,
    classes: int,
    rate: float,
) -> tuple[Classifier, int]:
    """Train a copy of the subject's encoder on labelled pictures.

    Returns:
        The classifier in evaluation mode, and how many steps it took.
    """
    device, dtype = subject.device, subject.dtype
    labels = labels.to(device)
    batch = min(course.batch, len(source))
    count = steps(len(source), batch=batch, epochs=course.epochs, fewest=course.fewest)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
    views = shown(subject, "supervised")
    # Some encoders drop units or layers at random: from a seed, and without moving anyone else's draws.
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(course.seed)
        model = Classifier(subject.encoder, classes).to(device).train()
        groups = model.groups(
            rate=rate * batch / 256, layer_decay=course.layer_decay, decay=course.decay
        )
        optimiser = AdamW(groups, betas=BETAS)
        for lesson in lessons(
            source, views, device=device, batch=batch, steps=count, seed=course.seed
        ):
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * warmup_cosine(lesson.progress, course.warmup)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                scores = model(lesson.views[0])
            loss = F.cross_entropy(scores.float(), labels[lesson.index.to(device)])
            optimiser.zero_grad()
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            scaler.step(optimiser)
            scaler.update()
    return model.eval(), count


@torch.no_grad()
def classify(subject: Subject, model: Classifier, source: Source) -> Int64[Tensor, " m"]:
    """The class of each picture, by the clean view.

    Raises:
        RunFailed: the training diverged.
    """
    guesses: Tensor = model.head(subject.read(source, model.encoder).features).argmax(-1)
    return guesses


def protocol(
    pool: Pool,
    subject: Subject,
    *,
    fractions: Fractions = (0.01, 0.1, 1.0),
    rates: Numbers = (0.0003, 0.003, 0.03),
    epochs: Count = 30,
    fewest: Length = 300,
    batch: Count = 256,
    layer_decay: Fraction = 0.75,
    decay: NotNegative = 0.05,
    warmup: Share = 0.05,
    seed: Seed = 0,
) -> Result:
    """The accuracy with the largest share of labels; those with the others stand beside it.

    Args:
        fractions: shares of the labels to learn from, one after the other.
        rates: candidates for the head's learning rate, for a batch of 256; scaled with the batch.
        epochs: passes over the labelled pictures.
        fewest: steps that are taken at least, where the labels are so few that the epochs hold less.
        batch: pictures in a step.
        layer_decay: what a layer's rate is of the rate of the layer above.
        decay: weight decay; biases and norms are spared.
        warmup: share of the training that the rate's rise takes.
        seed: which labels are taken, and the order and augmentation of the pictures.
    """
    course = Course(epochs, fewest, batch, layer_decay, decay, warmup, seed)
    trials: dict[float, dict[float, float]] = {}

    def tried(share: float) -> dict[float, float]:
        """Accuracy on held of each rate, having learnt from a share of the labels of ``fit``."""
        if len(rates) > 1 and share not in trials:
            rows = pool.fit.cpu()[labelled(pool.labels[pool.fit], share, seed)]
            held = subject.bank.subset(pool.held.cpu())
            trials[share] = {}
            for rate in rates:
                source, labels = subject.bank.subset(rows), pool.labels.cpu()[rows]
                model, _ = tune(subject, source, labels, course, classes=pool.classes, rate=rate)
                try:
                    right = accuracy(classify(subject, model, held), pool.labels[pool.held])
                except RunFailed:  # this rate diverged
                    right = 0.0
                trials[share][rate] = right
        return trials.get(share, {rates[0]: 1.0})

    ordered = sorted(set(fractions))
    found: list[dict[str, float]] = []
    for fraction in ordered:
        scores = tried(min(fraction, TRIED_ON))
        rate = max(scores, key=lambda rate: (scores[rate], -rate))
        rows = labelled(pool.labels, fraction, seed)
        source, labels = subject.bank.subset(rows), pool.labels.cpu()[rows]
        model, count = tune(subject, source, labels, course, classes=pool.classes, rate=rate)
        answer = classify(subject, model, subject.queries)
        found.append(
            {
                "fraction": fraction,
                "labels": len(rows),
                "rate": rate,
                "steps": count,
                "accuracy": accuracy(answer, pool.answers),
            }
        )
    return Result.of(
        pool,
        answer,
        scores={
            f"accuracy_at_{100 * line['fraction']:g}_percent": line["accuracy"] for line in found
        },
        curves={
            "accuracy_by_labels": curve(
                [float(line["labels"]) for line in found],
                [line["accuracy"] for line in found],
                across="labels",
                up="accuracy",
            )
        },
        by_fraction=found,
        layers=len(subject.encoder.layers()),
        chosen_on=pool.chosen_on if trials else "nothing is chosen",
        accuracy_when_choosing={
            f"{share:g}": {f"{rate:g}": right for rate, right in scores.items()}
            for share, scores in trials.items()
        },
        augmentation="random crop and flip (the preset 'supervised')",
    )
