"""Run folders to ``comparison.json``: rows, a summary over seeds, and what may be claimed."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from selftaught import budget, catalogue, judging
from selftaught.comparison import claims, statistics, studies
from selftaught.comparison.entrants import Entrant, Plan
from selftaught.comparison.jobs import Outcome
from selftaught.data import Splits
from selftaught.measures import number
from selftaught.reports.folder import SCHEMA_VERSION
from selftaught.reports.rows import MEASURED, blank, facts
from selftaught.reports.wording import scored
from selftaught.runs import environment


def row_of(entrant: Entrant) -> dict[str, Any]:
    """A row that knows nothing yet but who it is."""
    return blank(entrant.contestant, entrant.run, entrant.seed, entrant.folder)


def filled(
    entrant: Entrant, ended: Outcome, split: str, protocols: Mapping[str, Any]
) -> dict[str, Any]:
    """The row of a run that has ended: what it measured, or why it failed."""
    if ended.error is None:
        return row_of(entrant) | facts(ended.results, split, protocols)
    word = "diverged" if ended.diverged else "failed"
    return row_of(entrant) | {"error": ended.error, "verdict": word, "verdict_text": ended.error}


def planned(plan: Plan, splits: Splits, entrants: Sequence[Entrant]) -> dict[str, Any]:
    """``plan.json``: what ``comparison.json`` will hold, before the first run; every row is empty yet."""
    rows = [row_of(entrant) for entrant in entrants]
    return content(replace(plan, study=None), splits, rows) | {"jobs": plan.jobs}


def scores(row: dict[str, Any]) -> str:
    """``knn 61.2%, linear 70.3%, 48 s``"""
    parts = [scored(name, found) for name, found in row["results"].items()]
    return ", ".join([*parts, f"{row['seconds']:.0f} s"])


def content(plan: Plan, splits: Splits, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Everything that ``comparison.json`` says."""
    here = environment()
    summary = summarise(rows)
    judged = {
        name: claims.judged(plan.directory, plan.split, rows, name)
        for name in claims.ranking_protocols(summary)
    }
    found = claims.comparisons(summary, len(plan.seeds), judged)
    study = (
        studies.answer(plan.study, rows, len(splits.classes), largest_share(splits, plan.split))
        if plan.study
        else None
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "selftaught": here["selftaught"],
        "revision": here["revision"],
        "command": " ".join(here["command"]),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "split": plan.split,
        "protocols": {
            name: judging.written(name, values) for name, values in plan.protocols.items()
        },
        "budget": cost(plan),
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
            key: here[key]
            for key in ("cpu", "cores", "memory_bytes", "python", "platform", "versions")
        },
        "rows": [_against_the_bar(row, summary) for row in rows],
        "summary": summary,
        "differences": found,
        "study": study,
        "claims": claims.sentences(summary, len(plan.seeds), found),
    }


def largest_share(splits: Splits, split: str) -> float | None:
    """The share of a split's labelled pictures that is of its largest class; None where none is labelled."""
    source = splits.test if split == "test" else splits.validation
    if source is None or source.labels is None:
        return None
    labels = source.labels[source.labels >= 0]
    return int(labels.bincount().max()) / len(labels) if len(labels) else None


def cost(plan: Plan) -> str | None:
    """What all contestants were given alike, in a sentence; None without one budget for all that train."""
    entries = [(entrant, catalogue.entry(entrant.run.method.name)) for entrant in plan.entrants]
    given = {entrant.run.budget for entrant, entry in entries if entry.family != "baselines"}
    if len(given) != 1 or (text := given.pop()) is None:
        return None
    share = budget.parse(text)
    if share.pictures is not None:
        return f"Every contestant is shown {share.written}; how long that takes differs, and is in the table."
    return (
        f"Every contestant has {share.written} on this machine, looks and probes not counted; how many "
        "pictures that is differs, and is in comparison.json."
    )


def summarise(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line a contestant, over its seeds; runs that failed are left out and counted."""
    lines = []
    for contestant in dict.fromkeys(row["contestant"] for row in rows):
        own = [row for row in rows if row["contestant"] == contestant]
        good = [row for row in own if row["error"] is None]
        values = _values(good)
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
                    name: statistics.summarise(own, catalogue.measure(name, of).bounds)
                    for name, (of, own) in values.items()
                },
                "values": {name: own for name, (_, own) in values.items()},
                "measures": {
                    name: catalogue.measure(name, of).name for name, (of, _) in values.items()
                },
                **{key: _mean([row[key] for row in good]) for key in MEASURED},
            }
        )
    return lines


def _values(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], list[float]]]:
    """Protocol to one of its results, and to its numbers in all rows; those without a number are left out."""
    found: dict[str, tuple[dict[str, Any], list[float]]] = {}
    for row in rows:
        for name, result in row["results"].items():
            if (value := number(result)) is not None:
                found.setdefault(name, (result, []))[1].append(value)
    return found


def _mean(values: Sequence[float | int | None]) -> float | int | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _against_the_bar(row: dict[str, Any], summary: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row with a sentence on whether it clears random patches, in linear accuracy."""
    bar = next(
        (line for line in summary if line["contestant"] == claims.BAR and line["seeds"]), None
    )
    if row["family"] == "baselines" or row["error"] or not bar or "linear" not in row["results"]:
        return row
    mine, theirs = number(row["results"]["linear"]), bar["results"]["linear"]["mean"]
    assert mine is not None
    word = "Above" if mine > theirs else "Not above"  # "beats" is for what was tested
    sentence = f"{word} random patches in this run ({mine:.1%} against {theirs:.1%} linear)."
    return {**row, "verdict_text": f"{row['verdict_text']} {sentence}"}
