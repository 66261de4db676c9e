"""Run folders to ``comparison.json``: rows, a summary over seeds, and what may be claimed."""

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from selftaught import catalogue, config
from selftaught.comparison import statistics
from selftaught.comparison.entrants import Entrant, Plan
from selftaught.data import Splits
from selftaught.reports.wording import full_title
from selftaught.runs import environment

SCHEMA_VERSION = 1

MEASURED = ("seconds", "pictures_per_second", "pictures_seen", "pixels_seen", "peak_memory_bytes")

BAR = "random_patches"
"""The baseline that a short training has to clear; a method that does not is told so."""


def row(entrant: Entrant) -> dict[str, Any]:
    """A row that knows nothing yet but who it is."""
    entry = catalogue.entry(entrant.run.method.name)
    return {
        "contestant": entrant.contestant,
        "method": entry.name,
        "family": entry.family,
        "encoder": architecture(entrant.run),
        "sees_labels": sees_labels(entrant),
        "seed": entrant.seed,
        "folder": entrant.folder.as_posix(),
        "tuning_trials": entrant.run.measured.trials,
        "results": {},
        **dict.fromkeys(MEASURED),
        "verdict": None,
        "verdict_text": None,
        "test_readings": None,
        "error": None,
    }


def architecture(run: config.Run) -> str | None:
    """The encoder in a word, with its pooling if it is not the class token; None for one of its own."""
    if catalogue.entry(run.method.name).own_encoder:
        return None
    return run.encoder.name + (f" ({run.encoder.pool})" if run.encoder.pool != "class" else "")


def sees_labels(entrant: Entrant) -> bool:
    """Whether the method learns from labels."""
    kind = catalogue.entry(entrant.run.method.name).load()
    return bool(getattr(getattr(kind, "needs", None), "labels", False))


def facts(results: dict[str, Any], split: str | None) -> dict[str, Any]:
    """What a run folder's results add to its row."""
    return {
        "results": results.get(split or "", {}),
        **{key: results.get(key) for key in MEASURED},
        "verdict": results.get("verdict"),
        "verdict_text": results.get("verdict_text"),
        "test_readings": results.get("test_readings"),
    }


def scores(row: dict[str, Any]) -> str:
    """``knn 61.2 %, linear 70.3 %, 48 s``"""
    parts = [f"{name} {found['accuracy']:.1%}" for name, found in row["results"].items()]
    return ", ".join([*parts, f"{row['seconds']:.0f} s"])


def content(plan: Plan, splits: Splits, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Everything that ``comparison.json`` says."""
    facts = environment()
    summary = summarise(rows)
    return {
        "schema_version": SCHEMA_VERSION,
        "selftaught": facts["selftaught"],
        "revision": facts["revision"],
        "command": " ".join(facts["command"]),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "split": plan.split,
        "seeds": list(plan.seeds),
        "data": {
            "name": splits.name,
            "classes": list(splits.classes),
            "size": splits.size,
            "channels": splits.train.channels,
            "pictures": {
                "train": len(splits.train),
                "validation": len(splits.validation),
                "test": len(splits.test) if splits.test is not None else 0,
                "unlabelled": len(splits.unlabelled) if splits.unlabelled is not None else 0,
            },
        },
        "machine": {
            key: facts[key]
            for key in ("cpu", "cores", "memory_bytes", "python", "platform", "versions")
        },
        "rows": [_against_the_bar(row, summary) for row in rows],
        "summary": summary,
        "claims": claims(summary, len(plan.seeds)),
    }


def summarise(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line a contestant, over its seeds; runs that failed are left out and counted."""
    lines = []
    for contestant in dict.fromkeys(row["contestant"] for row in rows):
        own = [row for row in rows if row["contestant"] == contestant]
        good = [row for row in own if row["error"] is None]
        protocols = dict.fromkeys(name for row in good for name in row["results"])
        lines.append(
            {
                **{
                    key: own[0][key]
                    for key in (
                        "contestant",
                        "method",
                        "family",
                        "encoder",
                        "sees_labels",
                        "tuning_trials",
                    )
                },
                "seeds": len(good),
                "failed": len(own) - len(good),
                "results": {
                    name: statistics.summarise([r["results"][name]["accuracy"] for r in good])
                    for name in protocols
                },
                "values": {
                    name: [row["results"][name]["accuracy"] for row in good] for name in protocols
                },
                **{key: _mean([row[key] for row in good]) for key in MEASURED},
            }
        )
    return lines


def _mean(values: Sequence[float | int | None]) -> float | int | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _against_the_bar(row: dict[str, Any], summary: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row with a sentence on whether it clears random patches, in linear accuracy."""
    bar = next((line for line in summary if line["contestant"] == BAR and line["seeds"]), None)
    if row["family"] == "baselines" or row["error"] or not bar or "linear" not in row["results"]:
        return row
    mine, theirs = row["results"]["linear"]["accuracy"], bar["results"]["linear"]["mean"]
    word = "Beats" if mine > theirs else "Does not reach"
    sentence = f"{word} random patches ({mine:.1%} against {theirs:.1%} linear)."
    return {**row, "verdict_text": f"{row['verdict_text']} {sentence}"}


def claims(summary: Sequence[dict[str, Any]], seeds: int) -> list[str]:
    """Sentences that the numbers carry: differences with their intervals from three seeds on.

    Methods are ranked against each other, and against untrained weights, within one encoder only.
    """
    architectures = dict.fromkeys(line["encoder"] for line in summary if line["encoder"])
    sentences = []
    for each in architectures:
        own = [line for line in summary if line["encoder"] in (each, None)]
        place = f"{each}: " if len(architectures) > 1 else ""
        sentences += [place + sentence for sentence in _within(own, seeds)]
    return sentences


def _within(summary: Sequence[dict[str, Any]], seeds: int) -> list[str]:
    """What may be claimed of the methods on one encoder."""
    found = [
        line
        for line in summary
        if line["seeds"] and "linear" in line["results"] and not line["sees_labels"]
    ]
    taught = [line for line in found if line["family"] != "baselines"]
    if not taught:
        return []
    order = sorted(taught, key=lambda line: -line["results"]["linear"]["mean"])
    if seeds < statistics.ENOUGH:
        best = ", ".join(
            f"{full_title(x['contestant'])} {x['results']['linear']['mean']:.1%}" for x in order
        )
        runs = "one seed" if seeds == 1 else f"{seeds} seeds"
        return [
            f"In these runs ({runs}), linear accuracy: {best}. Under three seeds no claim is made."
        ]
    sentences = []
    for better, worse in pairwise(order):
        sentences.append(_sentence(better, worse))
    for line in found:
        if line["family"] == "baselines" and line["method"] in (BAR, "untrained"):
            sentences += [_sentence(method, line) for method in order]
    return sentences


def _sentence(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    a, b = full_title(ours["contestant"]), full_title(theirs["contestant"])
    if min(ours["seeds"], theirs["seeds"]) < statistics.ENOUGH:
        return f"{a} and {b} cannot be compared: one of them has under three finished seeds."
    gap, low, high = statistics.difference(ours["values"]["linear"], theirs["values"]["linear"])
    span = f"{100 * gap:+.1f} points of linear accuracy, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
    if low > 0:
        return f"{a} beats {b}: {span}."
    if high < 0:
        return f"{a} stays behind {b}: {span}."
    return f"{a} and {b} cannot be told apart: {span}."
