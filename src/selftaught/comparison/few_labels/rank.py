"""A comparison of pictures without labels, ranked by the few that somebody labelled since."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from selftaught.comparison.few_labels import answers, ranking, sentences
from selftaught.comparison.few_labels.answers import Answers
from selftaught.errors import Refusal
from selftaught.inference import load
from selftaught.reports.folder import read_facts
from selftaught.reports.page import write_report
from selftaught.reports.sheet import Sheet, read_sheet
from selftaught.runs import environment, write_json
from selftaught.training.machine import choose_device

KEY = "few_labels"
"""Where it stands in comparison.json."""


def rank(directory: Path, labels: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Judge every contestant with the labels, and write that into comparison.json and the page.

    Args:
        directory: of the comparison.
        labels: a CSV of ``file`` and ``label``.
        say: is told what the user should know of the labels.

    Raises:
        Refusal: no comparison of pictures without labels is there, the labels cannot be used, or the pictures
            are no longer there.
    """
    facts = read_facts(directory)
    sheet = read_sheet(directory)
    if sheet is None:
        raise Refusal(_no_sheet(directory, facts))
    given = answers.read(labels, sheet.files, directory)
    for note in given.notes:
        say(note)
    facts[KEY] = judged(directory, facts["rows"], sheet, given, labels)
    write_json(directory / "comparison.json", facts)
    write_report(directory)
    # As it stands in the file.
    found: dict[str, Any] = json.loads(json.dumps(facts[KEY]))
    return found


def again(
    directory: Path, rows: Sequence[dict[str, Any]], known: dict[str, Any]
) -> dict[str, Any] | None:
    """The same with the labels of an earlier ranking, after contestants have come or gone.

    Args:
        known: the earlier ranking. Where its labels are those of another sheet, there is none.
    """
    sheet = read_sheet(directory)
    if sheet is None or not set(known["labels"]) <= set(sheet.files):
        return None
    pairs = [*known["labels"].items(), *((file, answers.NOBODY) for file in known["nobody"])]
    path = Path(known["from"])
    return judged(
        directory, rows, sheet, answers.checked(pairs, sheet.files, path, directory), path
    )


def judged(
    directory: Path, rows: Sequence[dict[str, Any]], sheet: Sheet, given: Answers, origin: Path
) -> dict[str, Any]:
    """What comparison.json says of a ranking by few labels: see ``ranking.ranked``; and where it comes from.

    Raises:
        Refusal: a picture is no longer there, or all are of one group.
    """
    groups = _groups(sheet, given, origin)
    pictures = [_found(sheet, file) for file in given.labels]
    features: dict[str, list[Tensor]] = {}
    contestants: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["error"] is None:
            own = load(directory / row["folder"], device=choose_device("auto")).embed(pictures)
            features.setdefault(row["contestant"], []).append(torch.from_numpy(own))
            contestants[row["contestant"]] = {
                **{key: row[key] for key in ("contestant", "family", "encoder", "sees_labels")},
                "seeds": None if row["seed"] is None else len(features[row["contestant"]]),
            }
    chance = dict(zip(sheet.files, sheet.chances, strict=True))
    found = ranking.ranked(
        list(contestants.values()),
        features,
        torch.tensor([given.classes.index(label) for label in given.labels.values()]),
        torch.tensor([chance[file] for file in given.labels], dtype=torch.float64),
        groups,
    )
    return {
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": " ".join(environment()["command"]),
        "from": str(origin),
        "pictures": len(given.labels),
        "asked": len(sheet.files),
        "pool": sheet.facts["pool"],
        "classes": given.classes,
        **found,
        "sentences": sentences.of(found, len(given.labels), len(given.classes)),
        "notes": given.notes,
        "labels": given.labels,
        "nobody": list(given.nobody),
    }


def _groups(sheet: Sheet, given: Answers, origin: Path) -> Tensor:
    """The groups of the labelled pictures, [n], numbered from 0."""
    group = dict(zip(sheet.files, sheet.groups, strict=True))
    number: dict[int | str, int] = {}
    found = [number.setdefault(group[file], len(number)) for file in given.labels]
    if len(number) < 2:
        raise Refusal(
            f"all {len(found)} pictures that '{origin}' has labels for are of one group, and a picture is "
            "judged by those of other groups; label more of them."
        )
    return torch.tensor(found)


def _found(sheet: Sheet, file: str) -> Path:
    """Where a picture lies: where it lay, or where the configuration finds the folder from here."""
    for folder in (sheet.facts["folder"], sheet.facts["data"]):
        path = Path(str(folder)).expanduser() / file
        if path.is_file():
            return path
    raise Refusal(
        f"the picture {file} is no longer in {sheet.facts['folder']}; encoders are ranked by what they make of "
        "the pictures, so these must be there."
    )


def _no_sheet(directory: Path, facts: dict[str, Any]) -> str:
    if (facts.get("data") or {}).get("classes"):
        return f"{directory} compares pictures that have labels, and ranks by those: there is nothing to label."
    return (
        f"{directory} has no sheet of pictures to label; give its compare command again, which finds the runs "
        "and writes one."
    )
