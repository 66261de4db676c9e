"""An encoder and a data set to numbers.

A file of this folder that holds a function ``protocol(pool, *, key=default ...) -> Result`` is a protocol
under its own name; ``protocol(pool, subject, *, ...)`` is one that needs the encoder or the pictures, and not
frozen features alone. Its keyword-only arguments are its parameters, with the published values as defaults.
Where some data cannot carry it, its file also holds ``suits(splits, split, parameters)``, which returns the
reason as a sentence, or None. One that needs no labels says ``LABELS = False``; on pictures without any,
labels and answers are -1.

Which pictures it may learn from, choose on and report is decided here, once for all protocols:

=============  ====================  =====================================  ============
split          learns from           chooses on                             reports
=============  ====================  =====================================  ============
validation     train                 a tenth of train, held back            validation
test           train + validation    validation, having learnt from train   test
=============  ====================  =====================================  ============
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from selftaught import catalogue, judging
from selftaught.data import Source, Splits, join
from selftaught.encoders import Encoder
from selftaught.errors import Refusal, suggest
from selftaught.evaluation.features import evaluating, extract
from selftaught.evaluation.results import Pool, Result, Subject
from selftaught.keys import shuffle
from selftaught.views.engine import Views

Protocol = Callable[..., Result]

Parameters = Mapping[str, Mapping[str, Any]]
"""Protocol to each of its parameters."""

FEWEST = 2
"""Pictures that each class must have to learn from: one to learn, one to choose with."""


@dataclass(frozen=True)
class Evaluation:
    """Results, and the features they were read from.

    Attributes:
        features: [m, d] float32 on the CPU, of the labelled pictures of the split that was read.
        labels: [m] int64, their classes.
        index: [m] int64, their rows in the split.
        groups: [m] int64, who belongs together (``data.Source``); None without groups.
        results: protocol to result, as far as they are known.
    """

    features: Tensor
    labels: Tensor
    index: Tensor
    groups: Tensor | None
    results: dict[str, Result]


def names() -> tuple[str, ...]:
    """The protocols there are."""
    return catalogue.protocols()


def find(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        Refusal: there is none; the sentence names the nearest.
    """
    found: Protocol = importlib.import_module(catalogue.protocol(name).module).protocol
    return found


def unsuited(splits: Splits, split: str, parameters: Parameters) -> dict[str, str]:
    """The protocols that these pictures cannot carry, each with the reason."""
    found = {}
    empty = without_labels(splits, split)
    for name, values in parameters.items():
        if empty and catalogue.protocol(name).labels:
            found[name] = f"it needs labels, and {splits.name} has none in {' and '.join(empty)}."
            continue
        suits = getattr(importlib.import_module(catalogue.protocol(name).module), "suits", None)
        if suits is not None and (reason := suits(splits, split, values)):
            found[name] = reason
    return found


def evaluate(
    encoder: Encoder,
    splits: Splits,
    views: Views | None = None,
    *,
    split: Literal["validation", "test"] = "validation",
    protocols: Iterable[str] = ("knn", "linear"),
    changes: judging.Changes = judging.NOTHING,
    told: Callable[[str, "Evaluation"], None] = lambda name, found: None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    batch: int = 512,
) -> Evaluation:
    """Read an encoder with each of the protocols; features are extracted once per split and shared.

    Pictures without a label (-1) neither teach nor count.

    Args:
        encoder: already on ``device``.
        views: the clean view; None makes it from the data set's own size, mean and deviation.
        split: which pictures the number is read on.
        protocols: how to judge.
        changes: protocol to those of its parameters that differ from the published ones.
        told: is given the name of each protocol as soon as its result is known, and all that is known then.
        dtype: what the encoder computes in.
        batch: pictures encoded at once.

    Raises:
        Refusal: an unknown protocol, parameter or split, no such split, no labels, one class only, a class
            with too few pictures to learn from, or pictures that a protocol cannot be carried out on.
        RunFailed: the encoder's features are not finite.
    """
    parameters = judging.resolve(protocols, changes)
    train, validation, queries = check(splits, split, parameters)
    reported = splits.test if split == "test" and splits.test is not None else splits.validation
    unlabelled = bool(without_labels(splits, split))
    device = torch.device(device)
    clean = views or Views.clean(
        size=splits.size,
        channels=splits.train.channels,
        levels=splits.train.levels,
        mean=splits.mean,
        std=splits.std,
    )

    def read(source: Source) -> tuple[Tensor, Tensor, Tensor]:
        found = extract(encoder, source, clean, device=device, dtype=dtype, batch=batch)
        none = torch.full((len(found.features),), -1, device=device)
        return found.features, none if found.labels is None else found.labels, found.index

    bank, labels, rows = read(train)
    sources = [train.subset(rows)]
    if split == "test":
        second, second_labels, second_rows = read(validation)
        sources.append(validation.subset(second_rows))
        fit, held = torch.arange(len(bank)), len(bank) + torch.arange(len(second))
        bank, labels = torch.cat([bank, second]), torch.cat([labels, second_labels])
        chosen_on = "validation, having learnt from train"
    elif unlabelled:
        fit, held = torch.arange(len(bank)), torch.arange(0)
        chosen_on = "nothing can be chosen without labels"
    else:
        apart = _held_back(splits, labels.cpu(), train.groups, rows)
        fit, held = (~apart).nonzero().flatten(), apart.nonzero().flatten()
        chosen_on = "a tenth of train, held back"
    answered, answers, rows = read(queries)
    pool = Pool(
        bank=bank,
        labels=labels,
        fit=fit.to(device),
        held=held.to(device),
        queries=answered,
        answers=answers,
        classes=max(len(splits.classes), int(torch.cat([labels, answers]).max()) + 1),
        settings={
            "split": split,
            "bank": "train + validation" if split == "test" else "train",
            "pictures": {"bank": len(bank), "queries": len(answered)},
        },
        chosen_on=chosen_on,
    )
    with evaluating(encoder):
        subject = None
        if any(catalogue.protocol(name).subject for name in parameters):
            subject = Subject(
                encoder=encoder,
                splits=splits,
                clean=clean,
                device=device,
                dtype=dtype,
                batch=batch,
                bank=join(*sources),
                queries=queries.subset(rows),
            )
        index = rows if unlabelled else _labelled(reported)[rows]
        groups = None if reported.groups is None else reported.groups.cpu()[index]
        evaluation = Evaluation(answered.cpu(), answers.cpu(), index, groups, {})
        for name, values in parameters.items():
            needed = [subject] if catalogue.protocol(name).subject else []
            evaluation.results[name] = find(name)(pool, *needed, **values)
            told(name, evaluation)
    return evaluation


def check(
    splits: Splits, split: str, parameters: Parameters = judging.NOTHING
) -> tuple[Source, Source, Source]:
    """The labelled pictures of train, of validation and of the split that is read.

    Where one of them has no labels, and none of the protocols needs any, all its pictures.

    Args:
        parameters: the protocols that are asked for, each with its parameters.

    Raises:
        Refusal: they cannot carry a probe, or one of the protocols; see ``evaluate``.
    """
    if split not in ("validation", "test"):
        raise Refusal(f"There is no split '{split}'; {suggest(split, ('validation', 'test'))}")
    reported = splits.test if split == "test" else splits.validation
    if reported is None:
        raise Refusal(f"{splits.name} has no test pictures; read split 'validation' instead.")
    given = {"train": splits.train, "validation": splits.validation, split: reported}
    empty = without_labels(splits, split)
    if empty and parameters and not any(catalogue.protocol(name).labels for name in parameters):
        _refuse_unsuited(splits, split, parameters)
        return given["train"], given["validation"], given[split]
    if empty:
        raise Refusal(
            f"A probe needs labels, and {splits.name} has none in {' and '.join(empty)}. Without "
            "labels an encoder can be trained, its health and spectrum read (--protocols spectrum), and "
            "pictures embedded; for a probe, sort the pictures into a folder per class or give a "
            "CSV of labels."
        )
    train, validation, queries = (
        source if len(_labelled(source)) == len(source) else source.subset(_labelled(source))
        for source in (given["train"], given["validation"], given[split])
    )
    known = max(len(splits.classes), *(int(_labels(s).max()) + 1 for s in (train, queries)))
    counts = _labels(train).bincount(minlength=known)
    needed = (counts > 0) | (_labels(queries).bincount(minlength=known) > 0)
    if int(needed.sum()) < 2:
        raise Refusal(
            f"A probe tells classes apart, and the pictures of {splits.name} are all of one."
        )
    for c in (needed & (counts < FEWEST)).nonzero().flatten().tolist():
        name = splits.classes[c] if c < len(splits.classes) else str(c)
        raise Refusal(
            f"Class '{name}' of {splits.name} has {int(counts[c])} labelled training pictures; a "
            f"probe needs at least {FEWEST} of each class. Add some, or leave the class out."
        )
    _refuse_unsuited(splits, split, parameters)
    if split == "validation":
        _held_back(splits, _labels(train), train.groups)
    return train, validation, queries


def _held_back(
    splits: Splits,
    labels: Int64[Tensor, " n"],
    groups: Int64[Tensor, " m"] | None,
    rows: Int64[Tensor, " n"] | None = None,
) -> Bool[Tensor, " n"]:
    """``hold_back`` of the pictures in those rows, or of all."""
    own = groups if groups is None or rows is None else groups.cpu()[rows]
    apart = hold_back(labels, own)
    if not apart.any():
        raise Refusal(
            f"No group of {splits.name} can be held back to choose a probe's strength without taking a whole "
            "class along; give each class at least two groups."
        )
    return apart


def without_labels(splits: Splits, split: str) -> list[str]:
    """Which of the parts that a reading of this split takes have no labels at all."""
    reported = splits.test if split == "test" else splits.validation
    given = {"train": splits.train, "validation": splits.validation, split: reported}
    return [n for n, part in given.items() if part is not None and len(_labelled(part)) == 0]


def _refuse_unsuited(splits: Splits, split: str, parameters: Parameters) -> None:
    for name, reason in unsuited(splits, split, parameters).items():
        raise Refusal(f"The protocol {name} cannot be carried out here: {reason}")


def _labelled(source: Source) -> Tensor:
    if source.labels is None:
        return torch.empty(0, dtype=torch.int64)
    return (source.labels.cpu() >= 0).nonzero().flatten()


def _labels(source: Source) -> Tensor:
    assert source.labels is not None
    return source.labels.cpu()


def hold_back(
    labels: Int64[Tensor, " n"], groups: Int64[Tensor, " n"] | None = None
) -> Bool[Tensor, " n"]:
    """Which pictures are held back for a choice: a tenth of each class, at least one of two.

    It depends on the labels and groups alone, so all encoders choose on the same pictures.
    Pictures of one group go together, under the class of the group's first picture; a group that would take the
    last pictures of a class along stays.
    """
    labels = labels.cpu()
    if groups is None:
        apart = torch.zeros(len(labels), dtype=torch.bool)
        for members in _by_class(labels):
            apart[members[: _tenth(members)]] = True
        return apart
    owner = torch.unique(groups.cpu(), return_inverse=True)[1]
    pictures = torch.split(owner.argsort(stable=True), owner.bincount().tolist())
    first = torch.stack([own[0] for own in pictures])
    left, held = labels.bincount(), []
    for members in _by_class(labels[first]):
        wanted = _tenth(members)
        for group in members.tolist():
            taken = labels[pictures[group]].bincount(minlength=len(left))
            if wanted and not ((taken > 0) & (taken == left)).any():
                held.append(group)
                left, wanted = left - taken, wanted - 1
    return torch.isin(owner, torch.tensor(held, dtype=torch.int64))


def _by_class(labels: Int64[Tensor, " n"]) -> Iterator[Int64[Tensor, " m"]]:
    """The members of each class, in an order that is drawn once for all."""
    order = shuffle(len(labels), seed=0, epoch=0)
    counts = labels.bincount().tolist()
    yield from torch.split(order[labels[order].argsort(stable=True)], counts)


def _tenth(members: Int64[Tensor, " m"]) -> int:
    return max(1, len(members) // 10) if len(members) > 1 else 0
