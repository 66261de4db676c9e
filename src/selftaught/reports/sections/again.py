"""How to do all this again: the command, every setting, the machine."""

import json
from typing import Any

from selftaught.reports.contestants import Comparison, RunFolder
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import ABSENT, full_title, memory, protocol, setting

BESIDE = ("accuracy", "measure")
"""Keys of a result that are its number and no setting."""


def section(comparison: Comparison) -> Section:
    """Always there: what is missing is said here."""
    facts = comparison.facts
    body = fill(
        "again.html",
        command=command(str(facts.get("command") or "")),
        protocols=[_protocol(comparison, name) for name in comparison.protocols],
        configurations=[
            (
                contestant,
                run.row.get("seed"),
                run.row.get("folder"),
                run.configuration,
                json.dumps(run.environment, indent=1, ensure_ascii=False)
                if run.environment
                else "",
            )
            for contestant in comparison.contestants
            if (run := contestant.first("configuration"))
        ],
        machine=[
            ("Selftaught", str(facts.get("selftaught") or "")),
            ("Revision", str(facts.get("revision") or "")),
            *_machine(facts.get("machine") or {}),
        ],
        missing=[
            f"{full_title(contestant.name)}{_seed(run)}: {', '.join(run.missing)}"
            for contestant in comparison.contestants
            for run in contestant.runs
            if run.missing
        ],
    )
    return Section("again", "Run it again", body)


def command(written: str) -> list[str]:
    """The words of a command; one that was started with ``python -m`` is written as its user would."""
    words = written.split()
    if words and words[0].endswith("__main__.py"):
        words[0] = "selftaught"
    return words


def _protocol(comparison: Comparison, name: str) -> dict[str, Any]:
    """A protocol's settings: those that all share once, the others a row for each contestant."""
    results = [
        (
            contestant,
            [
                _settings(run.result(name), comparison)
                for run in contestant.runs
                if run.result(name)
            ],
        )
        for contestant in comparison.contestants
    ]
    every = [each for _, own in results for each in own]
    keys = list(dict.fromkeys(key for each in every for key in each))
    shared = [key for key in keys if len({each.get(key) for each in every}) == 1]
    varying = [key for key in keys if key not in shared]
    return {
        "name": protocol(name),
        "shared": [(key.replace("_", " "), every[0][key]) for key in shared],
        "varying": [key.replace("_", " ") for key in varying],
        "rows": [
            (
                contestant,
                [" · ".join(dict.fromkeys(e.get(key, ABSENT) for e in own)) for key in varying],
            )
            for contestant, own in results
            if own and varying
        ],
    }


def _settings(result: dict[str, Any], comparison: Comparison) -> dict[str, str]:
    """A result's plain settings and its parameters, without its numbers."""
    number = result.get("measure") or "accuracy"
    own = {
        key: setting(value)
        for key, value in result.items()
        if key not in (*BESIDE, number) and isinstance(value, str | int | float | bool)
    }
    parameters = result.get("parameters")
    if isinstance(parameters, dict):
        own |= {key: setting(value) for key, value in parameters.items() if key not in own}
    return own


def _machine(machine: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for key, value in machine.items():
        if isinstance(value, dict):
            pairs += [(str(name), setting(own)) for name, own in value.items() if own is not None]
            continue
        name = key.removesuffix("_bytes").replace("_", " ")
        name = name.upper() if name in ("cpu", "gpu") else name.capitalize()
        written = memory(value) if key.endswith("_bytes") else setting(value)
        pairs.append((name, "none" if value is None else written))
    return pairs


def _seed(run: RunFolder) -> str:
    seed = run.row.get("seed")
    return "" if seed is None else f", seed {seed}"
