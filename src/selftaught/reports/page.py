"""The page of a comparison: one HTML file that carries all it shows and needs no network."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from selftaught.reports.atlas import reduced
from selftaught.reports.contestants import Comparison
from selftaught.reports.folder import read_comparison
from selftaught.reports.kept_maps import with_maps
from selftaught.reports.packing import embedded
from selftaught.reports.sections import (
    again,
    atlas_map,
    blind,
    classes,
    confused,
    cost,
    few_labels,
    fewshot,
    further,
    label,
    learning,
    overview,
    results,
    robustness,
    similarity,
    spectra,
    study,
    views,
    wall,
)
from selftaught.reports.sections.section import REPORTS, Section, fill, uri
from selftaught.reports.wording import count, listing, needs_labels, spoken, title

SECTIONS: tuple[Callable[[Comparison], Section | None], ...] = (
    overview.section,
    few_labels.section,
    study.section,
    results.section,
    label.section,
    learning.section,
    fewshot.section,
    robustness.section,
    classes.section,
    further.section,
    atlas_map.section,
    wall.section,
    confused.section,
    blind.section,
    spectra.section,
    similarity.section,
    views.section,
    cost.section,
    again.section,
)
"""In the order in which they are read."""

STYLES = ("base", "charts", "tables", "pictures", "label", "map", "small", "print")
SCRIPTS = ("start", "tables", "follow", "map", "label")
LIVE = "live"
"""The style and the script that only a page has which is served while runs go on."""

NAMED = 5
"""Methods that the heading names; more are counted."""

TOLD = 3
"""Protocols that are named below it."""

READERS = {"knn": "a kNN", "linear": "a linear probe"}


@dataclass(frozen=True)
class Live:
    """What a page that is served while runs go on says beside its sections.

    Attributes:
        first: the section that stands above all others.
        said: how far everything is, in a few words.
        brief: the same for the title of a tab.
        moment: when a run last wrote anything, for programs.
        written: the same, as it is said.
        finished: whether all that is known of has ended.
        every: seconds between two questions of the browser.
    """

    first: Section | None
    said: str
    brief: str
    moment: str
    written: str
    finished: bool
    every: float


def write_report(directory: Path) -> Path:
    """Read a comparison's folder and write ``report.html`` into it, whole or not at all.

    Raises:
        Refusal: the folder holds no comparison that this version can read.
    """
    comparison = read_comparison(directory)
    path = directory / "report.html"
    unfinished = path.with_suffix(".html.part")
    unfinished.write_text(render(comparison, keep_maps=True), encoding="utf-8")
    unfinished.replace(path)
    return path


def render(comparison: Comparison, live: Live | None = None, *, keep_maps: bool = False) -> str:
    """The page as text.

    Args:
        live: what it says of runs that go on; None for a page that stays as it is.
        keep_maps: write maps that had to be drawn into the run folders, for the next page.
    """
    comparison = with_maps(reduced(comparison), keep=keep_maps)
    found = (make(comparison) for make in SECTIONS)
    sections = [section for section in found if section is not None]
    if live is not None and live.first is not None:
        sections.insert(0, live.first)
    more = () if live is None else (LIVE,)
    atlas = comparison.atlas
    facts = comparison.facts
    return fill(
        "page.html",
        style=_joined("style", (*STYLES, *more), "css"),
        script=_joined("script", (*SCRIPTS, *more), "js"),
        sections=sections,
        marks=[] if live is None else [_mark(section) for section in sections],
        live=live,
        data=embedded({each.anchor: each.data for each in sections if each.data}),
        atlas=None
        if atlas is None
        else {
            "uri": uri(atlas.sheet),
            "columns": atlas.columns,
            "rows": -(-len(atlas.labels) // atlas.columns),
        },
        heading=_heading(comparison),
        standfirst=_standfirst(comparison, live),
        date=_date(facts.get("created")),
        version=facts.get("selftaught") or "",
        setup=_setup(comparison),
    )


def _mark(section: Section) -> str:
    """A word that changes with the section: the live page puts in those whose word is another."""
    content = section.body + json.dumps(section.data)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _joined(folder: str, names: Iterable[str], ending: str) -> Markup:
    """Files of the package, one after the other."""
    files = (REPORTS / folder / f"{name}.{ending}" for name in names)
    return Markup("\n".join(file.read_text(encoding="utf-8") for file in files))


def _heading(comparison: Comparison) -> str:
    headline = comparison.methods or comparison.baselines
    written = list(dict.fromkeys(title(contestant.name)[0] for contestant in headline))
    names = listing(written) if len(written) <= NAMED else f"{len(written)} methods"
    return f"{names} on {(comparison.facts.get('data') or {}).get('name', 'unnamed pictures')}"


def _standfirst(comparison: Comparison, live: Live | None) -> str:
    taught = (
        "Each method taught an encoder from pictures alone. The encoder was then frozen, and its"
    )
    begun = taught if comparison.methods else "Each encoder was frozen, and its"
    planned = comparison.facts.get("protocols") or ()
    names = [name for name in comparison.protocols or planned if needs_labels(name)]
    few = comparison.facts.get("few_labels")
    if not names and few:
        return f"{begun} features were read with {few['pictures']} labels, given afterwards."
    if not names and live is not None:
        return "Each method teaches an encoder from pictures alone."
    if not names:
        until = " until some pictures are labelled, below" if comparison.sheet else ""
        return f"{begun} features were looked at without labels: nothing is ranked{until}."
    known = [READERS.get(name, spoken(name)) for name in names[:TOLD]]
    if len(names) > TOLD:
        known.append(f"{len(names) - TOLD} more")
    return f"{begun} features were read with labels by {listing(known)} on the {comparison.split} split."


def _setup(comparison: Comparison) -> list[tuple[str, str]]:
    """What was done, in a few pairs of words, from the files alone."""
    facts = comparison.facts
    data = facts.get("data") or {}
    pictures = data.get("pictures") or {}
    runs = [run.settings for c in comparison.methods if (run := c.first("configuration"))]
    pairs = [
        ("Pictures", ", ".join(f"{count(n)} {part}" for part, n in pictures.items() if n)),
        ("Size", _size(data)),
        ("Classes", str(len(data.get("classes") or [])) if data.get("classes") else ""),
        ("Encoder", _every((run.get("encoder") or {}).get("name") for run in runs)),
        ("Epochs", _every(run.get("epochs") for run in runs)),
        ("Batch", _every(run.get("batch") for run in runs)),
        ("Seeds", ", ".join(str(seed) for seed in facts.get("seeds") or [])),
    ]
    return [(name, value) for name, value in pairs if value]


def _every(values: Iterable[Any]) -> str:
    """The values that the methods have, each once."""
    return " or ".join(dict.fromkeys(str(value) for value in values if value))


def _size(data: dict[str, Any]) -> str:
    size, channels = data.get("size"), data.get("channels")
    if not size:
        return ""
    colour = {1: "grey", 3: "colour"}.get(channels or 3, f"{channels} channels")
    return f"{size} × {size} px, {colour}"


def _date(created: str | None) -> str:
    try:
        moment = datetime.fromisoformat(created or "")
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y}"
