"""The page of a comparison: one HTML file that carries all it shows and needs no network."""

import base64
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from selftaught.reports import neighbours
from selftaught.reports.charts import Marked, accuracy_chart, cost_chart
from selftaught.reports.curves import knn_curves, loss_curves, score_curves
from selftaught.reports.folder import Comparison, Contestant, RunFolder, read_comparison
from selftaught.reports.maps import (
    TSNE_AT_MOST,
    FeatureMap,
    neighbour_embedding,
    principal_components,
)
from selftaught.reports.wording import (
    ABSENT,
    column,
    compact,
    count,
    duration,
    family,
    full_title,
    listing,
    memory,
    percent,
    protocol,
    setting,
    settings,
    title,
)

INKS = 8
GREYS = 5
NEIGHBOURS = 5
QUERIES = 12
FEW = 3
READERS = {"knn": "a kNN", "linear": "a linear probe"}
TROUBLE = ("stalled", "collapsed", "diverged", "failed")


def write_report(directory: Path) -> Path:
    """Read a comparison's folder and write ``report.html`` into it, whole or not at all.

    Raises:
        Refusal: the folder holds no comparison that this version can read.
    """
    comparison = read_comparison(directory)
    path = directory / "report.html"
    unfinished = path.with_suffix(".html.part")
    unfinished.write_text(render(comparison), encoding="utf-8")
    unfinished.replace(path)
    return path


def render(comparison: Comparison) -> str:
    """The page as text."""
    here = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(here),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "count": count}
    return environment.get_template("page.html").render(
        css=Markup((here / "page.css").read_text(encoding="utf-8")),
        js=Markup((here / "page.js").read_text(encoding="utf-8")),
        **_contents(comparison),
    )


NAMED = 5
"""Methods that the heading names; more are counted."""


def _contents(comparison: Comparison) -> dict[str, Any]:
    facts = comparison.facts
    data = facts.get("data") or {}
    methods, baselines = _marked(comparison)
    protocols = comparison.protocols
    headline = [c for c, _, _ in methods] or [c for c, _, _ in baselines]
    written = list(dict.fromkeys(title(contestant.name)[0] for contestant in headline))
    names = listing(written) if len(written) <= NAMED else f"{len(written)} methods"
    explored = _explored(comparison, [*methods, *baselines])
    first_protocol = "linear" if "linear" in protocols else next(iter(protocols), "")
    return {
        "heading": f"{names} on {data.get('name', 'unnamed pictures')}",
        "date": _date(facts.get("created")),
        "facts": facts,
        "split": facts.get("split", "test"),
        "data": data,
        "setup": _setup(comparison),
        "readers": listing([READERS.get(name, protocol(name)) for name in protocols]),
        "claims": facts.get("claims") or [],
        "seeds": len(facts.get("seeds") or []),
        "few": len(facts.get("seeds") or []) < FEW,
        "protocols": [
            (
                comparison.measure(name).unit,
                column(name, comparison.measure(name)),
                _shared(comparison, name),
            )
            for name in protocols
        ],
        "charts": [
            chart
            for name in protocols
            if (chart := accuracy_chart(methods, baselines, name, comparison.measure(name)))
        ],
        "groups": [
            [_line(contestant, ink, protocols, comparison) for contestant, ink, _ in group]
            for group in (methods, baselines)
        ],
        "knn_charts": [
            chart
            for across, caption in (
                ("pictures", "pictures seen"),
                ("seconds", "seconds of training"),
            )
            if (chart := knn_curves([*methods, *baselines], across, caption))
        ],
        "loss_charts": [
            (*title(contestant.name), ink, chart)
            for contestant, ink, _ in [*methods, *baselines]
            if (chart := loss_curves(contestant, ink))
        ],
        "score_charts": [
            (*title(contestant.name), ink, chart)
            for contestant, ink, _ in [*methods, *baselines]
            if (chart := score_curves(contestant, ink))
        ],
        "views": [
            (*title(c.name), ink, _uri(run.views), full_title(c.name), run.row.get("seed"))
            for c, ink, _ in [*methods, *baselines]
            if (run := c.first("views")) and run.views
        ],
        **explored,
        "cost_chart": cost_chart(
            [*methods, *baselines], first_protocol, comparison.measure(first_protocol)
        ),
        "protocol_lines": _protocol_lines(comparison),
        "configurations": [
            (
                *title(c.name),
                ink,
                run.configuration,
                json.dumps(run.environment, indent=2) if run.environment else "",
                run.row.get("seed"),
            )
            for c, ink, _ in [*methods, *baselines]
            if (run := c.first("configuration"))
        ],
        "machine": _machine(facts.get("machine") or {}),
        "missing": [
            f"{full_title(contestant.name)}{_seed(run)}: {', '.join(run.missing)}"
            for contestant in comparison.contestants
            for run in contestant.runs
            if run.missing
        ],
        "absent": ABSENT,
    }


def _marked(comparison: Comparison) -> tuple[list[Marked], list[Marked]]:
    """Each contestant with its colour and its marks' form; baselines are grey."""
    methods = [
        (contestant, f"--ink-{index % INKS}", index)
        for index, contestant in enumerate(comparison.methods)
    ]
    baselines = [
        (contestant, f"--grey-{index % GREYS}", index)
        for index, contestant in enumerate(comparison.baselines)
    ]
    return methods, baselines


def _line(
    contestant: Contestant, ink: str, protocols: list[str], comparison: Comparison
) -> dict[str, Any]:
    """A contestant's line of the table, and its sentence of health."""
    name, overrides = title(contestant.name)
    verdicts = list(dict.fromkeys(run.row.get("verdict") or "unknown" for run in contestant.runs))
    sees_labels = any(run.row.get("sees_labels") for run in contestant.runs)
    note = "" if contestant.baseline else family(contestant.family)
    encoders = {run.row.get("encoder") for c in comparison.contestants for run in c.runs} - {None}
    encoder = contestant.runs[0].row.get("encoder") if len(encoders) > 1 else None
    note = listing([*filter(None, [note, encoder, "sees labels" if sees_labels else ""])])
    return {
        "name": name,
        "overrides": overrides,
        "ink": ink,
        "note": note,
        "cells": [_cell(contestant, each, comparison) for each in protocols],
        "seconds": duration(contestant.average("seconds")),
        "rate": count(contestant.average("pictures_per_second")),
        "shown": _shown(contestant),
        "memory": memory(contestant.average("peak_memory_bytes")),
        "verdicts": [(word, word in TROUBLE) for word in verdicts],
        "sentences": _sentences(contestant),
        "rank": _rank(contestant),
        "errors": contestant.errors,
    }


def _shown(contestant: Contestant) -> str:
    """What the training cost in pictures and pixels, and how many settings were tried before."""
    pictures, pixels = contestant.average("pictures_seen"), contestant.average("pixels_seen")
    trials = next((run.row.get("tuning_trials") for run in contestant.runs), None)
    words = [
        f"{compact(pictures)} pictures" if pictures else "",
        f"{compact(pixels)} pixels" if pixels else "",
        f"tuned in {trials} trial{'s' * (trials != 1)}" if trials else "",
    ]
    return ", ".join(filter(None, words))


def _sentences(contestant: Contestant) -> list[str]:
    """What was said of each seed's health; once, where all seeds share it."""
    said = [
        (run.row.get("seed"), run.row["verdict_text"])
        for run in contestant.runs
        if run.row.get("verdict_text")
    ]
    if len({text for _, text in said}) < 2:
        return [text for _, text in said[:1]]
    return [f"Seed {seed}: {text}" for seed, text in said]


def _cell(contestant: Contestant, name: str, comparison: Comparison) -> dict[str, Any]:
    values = contestant.values(name)
    interval = contestant.interval(name)
    text = comparison.measure(name).text
    own = [
        settings(run.row["results"][name])
        for run in contestant.runs
        if name in (run.row.get("results") or {})
    ]
    shared = _shared(comparison, name)
    return {
        "mean": text(contestant.mean(name)),
        "seeds": [text(value) for value in values] if len(values) > 1 else [],
        "interval": [text(end) for end in interval] if interval else None,
        "settings": "; ".join(dict.fromkeys(text for text in own if text)) if not shared else "",
    }


def _shared(comparison: Comparison, name: str) -> str:
    """The settings beside a protocol's name, if all rows share them."""
    every = {
        settings(run.row["results"][name])
        for contestant in comparison.contestants
        for run in contestant.runs
        if name in (run.row.get("results") or {})
    }
    return every.pop() if len(every) == 1 else ""


def _rank(contestant: Contestant) -> str:
    """How many dimensions the features used, before and after, where the verdict does not say it."""
    for run in contestant.runs:
        if "effective rank" in (run.row.get("verdict_text") or "").lower():
            return ""
        ranks = [look["effective_rank"] for look in run.looks if look.get("effective_rank")]
        if len(ranks) > 1:
            return f"Effective rank {ranks[0]:.1f} at step 0, {ranks[-1]:.1f} at the end."
    return ""


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
        ("Read on", f"{facts.get('split', 'test')} split"),
    ]
    return [(name, value) for name, value in pairs if value]


def _every(values: Iterable[Any]) -> str:
    """The values that the methods have, each once."""
    return ", ".join(dict.fromkeys(str(value) for value in values if value))


def _size(data: dict[str, Any]) -> str:
    size, channels = data.get("size"), data.get("channels")
    if not size:
        return ""
    colour = {1: "grey", 3: "colour"}.get(channels or 3, f"{channels} channels")
    return f"{size} × {size} px, {colour}"


def _explored(comparison: Comparison, marked: list[Marked]) -> dict[str, Any]:
    """Maps and neighbours of every contestant that placed the atlas' pictures."""
    atlas = comparison.atlas
    placed = [(c, ink, run) for c, ink, _ in marked if (run := c.first("features")) is not None]
    if atlas is None or not placed:
        return {"atlas": None, "wall": [], "explorer": Markup("{}"), "tsne_at_most": TSNE_AT_MOST}
    labels = atlas.labels
    wall_names, maps = [], []
    asked = neighbours.queries(labels, QUERIES)
    wall: list[dict[str, Any]] = [
        {"tile": _tile(index, int(labels[index]), atlas.columns, atlas.classes), "strips": []}
        for index in asked
    ]
    for contestant, ink, run in placed:
        features = run.features
        assert features is not None
        near = neighbours.nearest(features, NEIGHBOURS)
        components, embedding = principal_components(features), neighbour_embedding(features)
        maps.append(
            {
                "name": full_title(contestant.name),
                "ink": ink,
                "share": None if components is None else round(100 * (components.share or 0)),
                "pca": _places(components),
                "tsne": _places(embedding),
                "near": near.ravel().tolist(),
                "predictions": None if run.predictions is None else run.predictions.tolist(),
            }
        )
        if contestant.baseline and title(contestant.name)[0] not in ("Untrained", "Supervised"):
            continue
        wall_names.append(
            (*title(contestant.name), ink, percent(neighbours.agreement(near, labels), 0))
        )
        for card, index in zip(wall, asked, strict=True):
            card["strips"].append(
                {
                    "name": full_title(contestant.name),
                    "ink": ink,
                    "tiles": [
                        _tile(other, int(labels[other]), atlas.columns, atlas.classes)
                        | {"wrong": bool(labels[other] != labels[index])}
                        for other in near[index].tolist()
                    ],
                }
            )
    rows = -(-len(labels) // atlas.columns)
    described = {
        "tile": atlas.tile,
        "columns": atlas.columns,
        "classes": atlas.classes,
        "labels": labels.tolist(),
        "neighbours": NEIGHBOURS,
        "maps": maps,
    }
    return {
        "atlas": {
            "uri": _uri(atlas.sheet),
            "columns": atlas.columns,
            "rows": rows,
            "count": len(labels),
            "seed": next(
                (run.row.get("seed") for _, _, run in placed if run.row.get("seed") is not None),
                None,
            ),
        },
        "wall": wall,
        "wall_names": wall_names,
        "map_names": [(*title(c.name), ink) for c, ink, _ in placed],
        "explorer": _embedded(described),
        "tsne_at_most": TSNE_AT_MOST,
    }


def _tile(index: int, label: int, columns: int, classes: list[str]) -> dict[str, Any]:
    row, column = divmod(index, columns)
    name = classes[label] if 0 <= label < len(classes) else str(label)
    return {"index": index, "row": row, "column": column, "class": name}


def _places(found: FeatureMap | None) -> list[int] | None:
    """Positions as whole thousandths: half the size of floats, and no eye sees more."""
    return None if found is None else (found.positions * 1000).round().astype(int).ravel().tolist()


def _embedded(content: Any) -> Markup:
    """JSON that cannot close the script element it stands in."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _protocol_lines(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Every setting of every protocol, once for all contestants that share it."""
    lines: dict[tuple[str, str], list[str]] = {}
    for contestant in comparison.contestants:
        for run in contestant.runs:
            for name, result in (run.row.get("results") or {}).items():
                text = ", ".join(
                    f"{key.replace('_', ' ')} {setting(value)}"
                    for key, value in result.items()
                    if key not in ("measure", comparison.measure(name).name)
                    and isinstance(value, str | int | float | bool)
                )
                lines.setdefault((protocol(name), text), []).append(full_title(contestant.name))
    everyone = {full_title(contestant.name) for contestant in comparison.contestants}
    return [
        (name, text, "all" if set(who) == everyone else ", ".join(dict.fromkeys(who)))
        for (name, text), who in lines.items()
    ]


def _machine(machine: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for key, value in machine.items():
        name = key.removesuffix("_bytes").replace("_", " ")
        name = name.upper() if name in ("cpu", "gpu") else name.capitalize()
        written = memory(value) if key.endswith("_bytes") else setting(value)
        pairs.append((name, "none" if value is None else written))
    return pairs


def _seed(run: RunFolder) -> str:
    seed = run.row.get("seed")
    return "" if seed is None else f", seed {seed}"


def _date(created: str | None) -> str:
    try:
        moment = datetime.fromisoformat(created or "")
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y}"


def _uri(picture: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(picture).decode("ascii")
