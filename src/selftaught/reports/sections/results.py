"""Every number of every contestant in one table, and how each run went."""

from typing import Any

from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import (
    count,
    duration,
    family,
    listing,
    memory,
    settings,
    short,
)

TROUBLE = ("stalled", "collapsed", "diverged", "failed", "short of data")


def section(comparison: Comparison) -> Section | None:
    """The table of results; absent where there are no contestants."""
    if not comparison.contestants:
        return None
    names = comparison.protocols
    body = fill(
        "results.html",
        protocols=[
            (short(name), comparison.measure(name), _shared(comparison, name)) for name in names
        ],
        measures=len({comparison.measure(name).name for name in names}) > 1,
        groups=[
            [_line(contestant, names, comparison) for contestant in group]
            for group in (comparison.methods, comparison.baselines)
        ],
    )
    return Section("results", "Results", body)


def _line(contestant: Contestant, protocols: list[str], comparison: Comparison) -> dict[str, Any]:
    """A contestant's line of the table, and what was said of its health."""
    verdicts = list(dict.fromkeys(run.row.get("verdict") or "unknown" for run in contestant.runs))
    encoders = {c.encoder for c in comparison.contestants} - {None}
    words = [
        "" if contestant.baseline else family(contestant.family),
        (contestant.encoder or "") if len(encoders) > 1 else "",
        "sees labels" if contestant.sees_labels else "",
    ]
    return {
        "contestant": contestant,
        "note": listing(list(filter(None, words))),
        "cells": [_cell(contestant, each, comparison) for each in protocols],
        "seconds": (duration(contestant.average("seconds")), contestant.average("seconds")),
        "trials": _trials(contestant),
        "rate": count(contestant.average("pictures_per_second")),
        "memory": (
            memory(contestant.average("peak_memory_bytes")),
            contestant.average("peak_memory_bytes"),
        ),
        "verdicts": [(word, word in TROUBLE) for word in verdicts],
        "sentences": _sentences(contestant),
        "rank": _effective_rank(contestant),
        "errors": list(dict.fromkeys(contestant.errors)),
    }


def _trials(contestant: Contestant) -> str:
    """How many settings were tried before: tuning is part of what a number cost."""
    trials = next((run.row.get("tuning_trials") for run in contestant.runs), None)
    return f"tuned in {trials} trial{'s' * (trials != 1)}" if trials else ""


def _sentences(contestant: Contestant) -> list[tuple[Any, str]]:
    """Seed and what was said of its health; one line without a seed, where all seeds share it."""
    said = [
        (run.row.get("seed"), run.row["verdict_text"])
        for run in contestant.runs
        if run.row.get("verdict_text")
    ]
    if len({text for _, text in said}) < 2:
        return [(None, text) for _, text in said[:1]]
    return said


def _cell(contestant: Contestant, name: str, comparison: Comparison) -> dict[str, Any]:
    values = contestant.values(name)
    interval = contestant.interval(name)
    measure = comparison.measure(name)
    shared = _shared(comparison, name)
    own = [settings(run.result(name)) for run in contestant.runs if run.result(name)]
    return {
        "raw": contestant.mean(name),
        "mean": measure.text(contestant.mean(name)),
        "seeds": [measure.text(value) for value in values] if len(values) > 1 else [],
        "interval": [measure.text(end) for end in interval] if interval else None,
        "settings": "; ".join(dict.fromkeys(text for text in own if text)) if not shared else "",
    }


def _shared(comparison: Comparison, name: str) -> str:
    """The settings beside a protocol's name, if all rows share them."""
    every = {
        settings(run.result(name))
        for contestant in comparison.contestants
        for run in contestant.runs
        if run.result(name)
    }
    return every.pop() if len(every) == 1 else ""


def _effective_rank(contestant: Contestant) -> str:
    """How many dimensions the features used, before and after, where the verdict does not say it."""
    for run in contestant.runs:
        if "effective rank" in (run.row.get("verdict_text") or "").lower():
            return ""
        ranks = [look["effective_rank"] for look in run.looks if look.get("effective_rank")]
        if len(ranks) > 1:
            return f"Effective rank {ranks[0]:.1f} at step 0, {ranks[-1]:.1f} at the end."
    return ""
