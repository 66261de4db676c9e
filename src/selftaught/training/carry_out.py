"""A run from its configuration to its results: train or fit, export, evaluate, judge."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from jaxtyping import Int64
from torch import Tensor

from selftaught import judging
from selftaught.data import Request
from selftaught.distributed import rank, world
from selftaught.encoders import Encoder, files
from selftaught.errors import Diverged
from selftaught.evaluation import Evaluation, Result, atlas, evaluate, predictions
from selftaught.keys import Keys, shuffle
from selftaught.methods import Baseline, Material, Method
from selftaught.runs import RunFolder, write_atomically
from selftaught.training import exports, health, lengths
from selftaught.training.ledger import losses
from selftaught.training.loop import train
from selftaught.training.machine import PeakMemory, shortages_named
from selftaught.training.progress import Reporter, Silent
from selftaught.training.setup import Setup
from selftaught.training.showing import first_views
from selftaught.views.engine import Views

Split = Literal["validation", "test"]
FITTING = 10_000
"""Training pictures that a baseline is fitted on at most."""


def carry_out(
    setup: Setup,
    folder: RunFolder,
    *,
    split: Split | None,
    protocols: Iterable[str] = ("knn", "linear"),
    changes: judging.Changes = judging.NOTHING,
    title: str = "",
    told: Callable[[str, Result], None] = lambda name, result: None,
    live: bool = True,
) -> dict[str, Any]:
    """Do what is still missing of a run, and return its ``results.json``.

    Args:
        split: which split to report on; None stops after training (no labels to probe with).
        protocols: how to judge; what is already there with the same parameters is not judged again.
        changes: protocol to those of its parameters that differ from the published ones.
        title: what to call the run on the screen.
        told: is given each result as soon as it is known.
        live: whether progress may redraw its line on a terminal.

    Raises:
        RunFailed, Interrupted: see ``training.loop.train``.
    """
    torch.set_num_threads(setup.run.threads or torch.get_num_threads())
    with shortages_named(setup.run.batch):
        if "seconds" not in folder.results:
            if setup.compiled:
                # After runs of other sizes torch compiles for any size, and after eight of them not at all.
                torch.compiler.reset()
            setup = lengths.settled(setup, folder)
            _train_or_fit(setup, folder, title or setup.run.method.name, live=live)
        known = folder.results.get(split or "", {})
        missing = {
            name: values
            for name, values in judging.resolve(protocols, changes).items()
            if name not in known or not judging.same(name, known[name], values)
        }
        if split is not None and missing:
            _evaluate(setup, folder, split, missing, told)
    # Of the run's beginning; a table may be written by a later one.
    if "revision" not in folder.results:
        folder.record(revision=folder.environment.get("revision"))
    return folder.results


def _train_or_fit(setup: Setup, folder: RunFolder, title: str, *, live: bool) -> None:
    """Make the encoder, export it, and record what it cost and how it went."""
    memory = PeakMemory(setup.device)
    if isinstance(setup.model, Method):
        if rank() == 0:
            write_atomically(folder.path / "views.webp", first_views(setup))
            reporter = Reporter(title, setup.steps, live=live)
        else:
            reporter = Silent()
        try:
            seconds = train(setup, folder, reporter)
        except Diverged as error:
            folder.record(verdict="diverged", verdict_text=str(error))
            raise
        finally:
            reporter.close()
        encoder, verdict = setup.model.kept, _judge(setup, folder, reporter)
        pictures = folder.metrics("look")[-1]["pictures"]
        pixels = round(pictures * setup.pixels_each())
    else:
        encoder, seconds, chosen = _fit(setup)
        verdict, pictures = health.Verdict("fitted", f"Nothing was trained{chosen}."), 0
        pixels = 0
    exports.at_the_end(setup, folder, encoder)
    folder.record(
        seconds=seconds,
        pictures_seen=pictures,
        pixels_seen=pixels,
        pictures_per_second=pictures / seconds if pictures else None,
        peak_memory_bytes=memory.read(),
        device=str(setup.device),
        dtype=str(setup.dtype).removeprefix("torch."),
        threads=torch.get_num_threads(),
        processes=world(),
        verdict=verdict.word,
        verdict_text=verdict.text,
        verdict_kind=verdict.kind,
        verdict_numbers=verdict.numbers,
    )
    _list_unreadable(setup, folder)


def _list_unreadable(setup: Setup, folder: RunFolder) -> None:
    """Write the files that were set aside, on opening or on the way, with the reasons."""
    parts = (setup.source, setup.splits.train, setup.splits.validation, setup.splits.test)
    reasons = sorted({reason for part in parts if part is not None for reason in part.quarantine()})
    if reasons:
        text = "".join(f"{reason}\n" for reason in reasons)
        write_atomically(folder.path / "quarantine.txt", text.encode())


def _judge(setup: Setup, folder: RunFolder, reporter: Reporter) -> health.Verdict:
    """The verdict on a run that ended; one that was stopped at its collapse is told so."""
    looks = folder.metrics("look")
    verdict = health.judge(looks, losses(folder))
    if (step := looks[-1]["step"]) == setup.steps:
        return verdict
    sentence = f"Stopped at step {step} of {setup.steps}: the checkpoint is kept."
    reporter.say(f"{setup.run.method.name}: {verdict.text} {sentence}")
    return replace(verdict, text=f"{verdict.text} {sentence}")


def _fit(setup: Setup) -> tuple[Encoder, float, str]:
    """A baseline's encoder, the seconds it took, and which variant was better on validation."""
    assert isinstance(setup.model, Baseline)
    began = time.monotonic()
    index = shuffle(len(setup.source), setup.run.seed, epoch=0)[:FITTING]
    given = Material(
        pictures=_shown(setup, setup.clean, index)[0],
        seed=setup.run.seed,
        mean=setup.splits.mean,
        std=setup.splits.std,
        views=_shown(setup, setup.views, index) if setup.model.needs else [],
    )
    variants = setup.model.fit(setup.encoder, given)
    seconds = time.monotonic() - began
    if len(variants) == 1 or setup.splits.train.labels is None:
        return next(iter(variants.values())), seconds, ""
    scores = {
        name: _score(setup, encoder, "validation", ("linear",)).results["linear"].value
        for name, encoder in variants.items()
    }
    best = max(scores, key=lambda name: scores[name])
    words = ", ".join(f"{name} {score:.1%}" for name, score in scores.items())
    return variants[best], seconds, f"; '{best}' is better on validation (linear: {words})"


def _shown(setup: Setup, views: Views, index: Int64[Tensor, " n"]) -> list[Tensor]:
    """The views of some pictures, each [n, c, s, s]."""
    requests = [
        Request(
            index[place],
            views.plan(Keys(setup.run.seed, 0, place), setup.source.sizes[index[place]]),
        )
        for place in torch.split(torch.arange(len(index)), 512)
    ]
    found = [views.apply(f.given, f.request.plan) for f in setup.source.fetch(requests, views.crop)]
    return [torch.cat(blocks) for blocks in zip(*found, strict=True)]


def _score(
    setup: Setup,
    encoder: Encoder,
    split: Split,
    protocols: Iterable[str],
    changes: judging.Changes = judging.NOTHING,
    told: Callable[[str, Evaluation], None] = lambda name, found: None,
) -> Evaluation:
    return evaluate(
        encoder.to(setup.device).to(memory_format=torch.channels_last),
        setup.splits,
        setup.clean,
        split=split,
        protocols=protocols,
        changes=changes,
        told=told,
        device=setup.device,
        dtype=setup.dtype,
    )


def _evaluate(
    setup: Setup,
    folder: RunFolder,
    split: Split,
    missing: Mapping[str, Mapping[str, Any]],
    told: Callable[[str, Result], None],
) -> None:
    """Judge the exported file, as anyone who loads it would; each reading of test is counted.

    A result is written as soon as it is known, behind what it said of each picture: what stops a long list
    does not lose its beginning, and no number stands beside answers of another reading.
    """
    encoder, _ = files.read(folder.path)
    if split == "test":
        folder.record(test_readings=folder.count_reading(list(missing)))

    def record(name: str, found: Evaluation) -> None:
        result = found.results[name]
        given = {} if result.predictions is None else {name: result.predictions}
        predictions.keep(folder.path, split, found.index, found.labels, given, found.groups)
        facts = result.facts() | judging.written(name, missing[name])
        folder.record(**{split: folder.results.get(split, {}) | {name: facts}})
        told(name, result)

    found = _score(setup, encoder, split, missing, missing, record)
    given = {n: r.predictions for n, r in found.results.items() if r.predictions is not None}
    classes = given.get("linear", next(iter(given.values()), None))
    there = atlas.read(folder.path).get("split")
    if there is None or (split == "test" and (there != split or classes is not None)):
        source = setup.splits.test if split == "test" else setup.splits.validation
        assert source is not None
        atlas.keep(folder.path, split, source, found.index, found.features, found.labels, classes)
