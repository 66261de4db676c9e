"""From a configuration to everything a run needs, checked before anything is written."""

from bisect import bisect
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from selftaught import catalogue, config, encoders, launcher, methods
from selftaught.data import Source, Splits, join, shared_splits
from selftaught.distributed import NORMS
from selftaught.encoders import Encoder, files
from selftaught.encoders.vit import ARCHITECTURES
from selftaught.errors import Refusal
from selftaught.keys import MASK, number
from selftaught.methods import Baseline, Method
from selftaught.parts.queue import Queue
from selftaught.training import machine
from selftaught.training.stages import shown, sides
from selftaught.views.engine import Views
from selftaught.vision_libraries import import_timm_optimisers

INITIAL = -1
"""The step whose keys give the first weights; training's steps begin at 0."""


@dataclass(frozen=True)
class Setup:
    """What a run is made of.

    Attributes:
        splits: the data set.
        source: the pictures that are trained on.
        stages: what the method is shown, in equal shares of the steps; ``clean``, what evaluation is shown.
        model: the method with fresh weights, on the CPU; or the baseline.
        encoder: the architecture with fresh weights.
        steps, per_epoch: how many optimiser steps, in all and in an epoch; 0 for a baseline.
    """

    run: config.Run
    splits: Splits
    source: Source
    stages: tuple[Views, ...]
    clean: Views
    model: Method | Baseline
    encoder: Encoder
    device: torch.device
    dtype: torch.dtype
    steps: int
    per_epoch: int

    @property
    def views(self) -> Views:
        """What the method is shown at the end."""
        return self.stages[-1]

    @property
    def compiled(self) -> bool:
        """Whether the method goes through ``torch.compile``."""
        if self.run.compile is not None:
            return self.run.compile
        # Whether torch compiles what passes between processes has not been tried: nobody asked for it.
        return self.device.type == "cuda" and launcher.processes() == 1

    def shown_at(self, step: int) -> Views:
        """What the method is shown in a step."""
        return self.stages[min(bisect(self.stage_ends(), step), len(self.stages) - 1)]

    def pixels_each(self) -> float:
        """Pixels of all views of a picture, on average over the stages."""
        each = [(view.size or stage.size) ** 2 for stage in self.stages for view in stage.views]
        return sum(each) / len(self.stages)

    def stage_ends(self) -> list[int]:
        """The step before which each stage ends."""
        return [
            -(-self.steps * (place + 1) // len(self.stages)) for place in range(len(self.stages))
        ]


def pretraining(splits: Splits, *, final: bool) -> Source:
    """Pictures to learn from: train and what has no labels; for a final run validation as well."""
    parts = [splits.train, *([splits.validation] if final else [])]
    return join(*parts, *([splits.unlabelled] if splits.unlabelled is not None else []))


def first_weights(run: config.Run, channels: int, size: int) -> Encoder:
    """The encoder with weights that follow from the seed alone, or with those of ``encoder.init``."""
    settings = run.encoder.model_dump(exclude={"name", "init"}, exclude_none=True)
    torch.manual_seed(torch_seed(run.seed, INITIAL))
    encoder = encoders.build(run.encoder.name, channels=channels, size=size, **settings)
    if run.encoder.init is not None:
        files.start_from(encoder, run.encoder.init)
    return encoder


def seed_dropout(device: torch.device, seed: int, step: int, rank: int = 0) -> None:
    """Seed the generator that dropout on this device draws from, where an encoder has it.

    ``torch.manual_seed`` does so for every kind of device, and writes down a traceback for a GPU that nobody
    uses: a third of a millisecond a step.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(torch_seed(seed, step, rank))
    else:
        torch.manual_seed(torch_seed(seed, step, rank))


def torch_seed(seed: int, step: int, rank: int = 0) -> int:
    """A seed for torch's own generator (weights, dropout), from our keys."""
    return number(seed, step & MASK, f"torch {rank}" if rank else "torch")


def prepare(run: config.Run, splits: Splits | None = None) -> Setup:
    """Build everything on the CPU.

    Args:
        splits: pictures to take instead of those that the configuration names.

    Raises:
        Refusal: pictures, encoder, method, views and batch do not fit together.
    """
    entry = catalogue.entry(run.method.name)
    device = machine.choose_device(run.device)
    dtype = machine.choose_precision(run.precision, device)
    splits = splits or shared_splits(run.data)
    source = pretraining(splits, final=run.final)
    size = run.views.size or splits.size
    kind = entry.load()
    if kind.needs is not None and kind.needs.tokens and run.encoder.name not in ARCHITECTURES:
        raise Refusal(
            f"{entry.name} hides patches of a picture, and {run.encoder.name} does not cut pictures into "
            "patches; give encoder=vit_tiny or another ViT of ours."
        )
    encoder = first_weights(run, source.channels, size)
    if encoder.normalisation is not None:
        mean, std = encoder.normalisation  # weights see pictures as those that made them did
        splits = replace(splits, mean=mean, std=std)
    facts: dict[str, Any] = {
        "size": size,
        "channels": source.channels,
        "levels": source.levels,
        "mean": splits.mean,
        "std": splits.std,
    }
    clean = Views.clean(**facts)
    if entry.baseline:
        launcher.alone(f"a baseline such as {entry.name}")
        model: Method | Baseline = kind(**run.parameters())
        views = clean
        if kind.needs is not None:
            views = Views(shown(run, kind.needs, encoder, splits, source.channels, size), **facts)
        return Setup(run, splits, source, (views,), clean, model, encoder, device, dtype, 0, 0)
    if kind.needs.labels and splits.train.labels is None:
        raise Refusal(
            f"{entry.name} learns from labels and {splits.name} has none; sort the pictures into "
            "sub-folders by class, give data.labels=FILE.csv, or choose a self-supervised method."
        )
    if run.optimiser.name == "muon":
        import_timm_optimisers()  # refuses now rather than when a folder has been made
    if run.batch > len(source):
        raise Refusal(
            f"batch={run.batch} is larger than the {len(source)} pictures to learn from; "
            f"give batch={_below(len(source))} or fewer."
        )
    stages = tuple(
        Views(
            shown(run, kind.needs, encoder, splits, source.channels, side), **facts | {"size": side}
        )
        for side in sides(run, kind.needs, encoder, size)
    )
    model = methods.build(entry.name, encoder, classes=len(splits.classes), **run.parameters())
    if run.batch < model.least_batch:
        raise Refusal(
            f"batch={run.batch} is too small for {entry.name}, which takes statistics over "
            f"{model.least_batch} pictures; give batch={model.least_batch} or more."
        )
    check_queues(run, model, len(source))
    check_processes(run, model, launcher.processes())
    for stage in stages:
        model.check_side(stage.size)
    per_epoch = len(source) // run.batch
    steps = per_epoch * run.epochs
    return Setup(
        run, splits, source, stages, clean, model, encoder, device, dtype, steps, per_epoch
    )


def check_queues(run: config.Run, model: Method, pictures: int) -> None:
    """A queue that holds most of the set meets the same pictures again, as their own negatives or neighbours.

    Raises:
        Refusal: a queue is longer than half of the pictures; the sentence gives the longest good length.
    """
    longest = max(
        (len(each.rows) for each in model.modules() if isinstance(each, Queue)), default=0
    )
    half = pictures // 2
    if longest > half:
        good = half // run.batch * run.batch or half
        raise Refusal(
            f"{run.method.name} keeps a queue of {longest} rows, more than half of the {pictures} pictures "
            f"to learn from, so a picture would meet itself in it; give queue={good} or fewer."
        )


def check_processes(run: config.Run, model: Method, processes: int) -> None:
    """Whether several processes can share each batch.

    Raises:
        Refusal: it does not divide, or a batch-norm is of a kind whose statistics cannot be shared.
    """
    if processes == 1:
        return
    if run.batch % processes:
        near = max(run.batch // processes, 1) * processes
        raise Refusal(
            f"batch={run.batch} is of all {processes} processes together and does not divide among them; "
            f"give batch={near}."
        )
    kinds = {type(each) for each in model.modules() if isinstance(each, _BatchNorm)}
    if strange := sorted(kind.__name__ for kind in kinds.difference(NORMS)):
        raise Refusal(
            f"{run.encoder.name} has batch-norms ({', '.join(strange)}) whose statistics several processes "
            "cannot share; train it in one, or choose another encoder."
        )


def _below(count: int) -> int:
    """The largest power of two that is not larger."""
    return 1 << (max(count, 1).bit_length() - 1)
