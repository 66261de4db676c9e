"""Accuracy: every ``comparison.json`` of ``results/`` as charts and a table."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drawn.chart import Dot, Line, dot_plot
from drawn.words import listing, number_of, origin, table
from selftaught import catalogue
from selftaught.measures import Measure
from selftaught.reports.wording import ABSENT, duration, family, full_title, short, spoken

KINDS = (
    "metric_learning",
    "self_distillation",
    "canonical_correlation",
    "pretext",
    "masked_modelling",
)
"""Families in the order of their dots."""

ENOUGH = 3
"""Seeds from which the file makes claims."""

FEW = 4
"""Contestants up to which a heading names them."""

Content = Mapping[str, Any]


def is_one(content: Content) -> bool:
    """Whether the file is what ``selftaught compare`` wrote."""
    return bool(content.get("summary")) and "split" in content


def page(files: Mapping[str, Content]) -> tuple[str, dict[str, str]]:
    """The page's text, and its figures by file name."""
    figures: dict[str, str] = {}
    parts = []
    for stem, content in files.items():
        names = [name for line in content["summary"] for name in line["results"]]
        protocols = [
            n
            for n in dict.fromkeys(sorted(names, key=lambda n: n != "linear"))
            if _drawn(content, n)
        ]
        sections = [f"## {_heading(content)}", _about(stem, content)]
        for encoder, lines in _within(content):
            if encoder:
                sections.append(f"### {encoder}")
            for name in protocols:
                if chart := _chart(content, lines, name):
                    place = re.sub(r"[^a-z0-9_]+", "-", encoder.lower()).strip("-")
                    file = "-".join(filter(None, [stem, place, name])) + ".svg"
                    figures[file] = chart
                    alt = f"A dot for each contestant's number by {spoken(name)}"
                    sections.append(f"![{alt}](figures/{file})")
            sections.append(_table(content, lines, protocols))
        if len(content["seeds"]) >= ENOUGH and content.get("claims"):
            sections.append("What may be said of it, in the words of the file:")
            sections.append("\n".join(f"- {claim}" for claim in content["claims"]))
        else:
            sections.append(
                "Under three seeds no claim is made: the values are shown, and that is all."
            )
        parts.append("\n\n".join(sections))
    return "\n\n".join(parts), figures


def _measure(content: Content, protocol: str) -> Measure:
    lines = [line for line in content["summary"] if protocol in line["results"]]
    return catalogue.measure(
        protocol, {"measure": lines[0].get("measures", {}).get(protocol, "accuracy")}
    )


def _drawn(content: Content, protocol: str) -> bool:
    """Numbers of which neither way is better are not put in an order."""
    return _measure(content, protocol).higher is not None


def _within(content: Content) -> Iterator[tuple[str, list[Content]]]:
    """Encoder to its contestants, without a name if there is one alone: ranks are formed within an encoder."""
    lines = content["summary"]
    encoders = list(
        dict.fromkeys(line["encoder"] for line in lines if line["family"] != "baselines")
    )
    for encoder in encoders:
        own = [
            line
            for line in lines
            if line["encoder"] in (encoder, None)
            or (line["family"] == "baselines" and line["method"] not in ("untrained", "supervised"))
        ]
        yield (encoder if len(encoders) > 1 else ""), own


def _heading(content: Content) -> str:
    encoders = dict.fromkeys(line["encoder"] for line in content["summary"] if line["encoder"])
    pictures = content["data"]["pictures"]
    taught = pictures["train"] + (pictures["validation"] if content["split"] == "test" else 0)
    seeds = number_of(len(content["seeds"]), "seed")
    methods = [
        full_title(line["contestant"])
        for line in content["summary"]
        if line["family"] != "baselines"
    ]
    who = listing(methods) if len(methods) <= FEW else f"{len(methods)} contestants"
    return f"{who} on {content['data']['name']}: {taught:,} pictures, {listing(list(encoders))}, {seeds}"


def _about(stem: str, content: Content) -> str:
    queries = content["data"]["pictures"].get(content["split"], 0)
    read = f"Read on {queries:,} pictures of the {content['split']} split."
    return f"{read} {origin(stem, content)}"


def _ordered(lines: list[Content], protocol: str, measure: Measure) -> list[Content]:
    known = [line for line in lines if line["seeds"] and protocol in line["results"]]
    sign = -1 if measure.higher else 1
    return sorted(known, key=lambda line: sign * line["results"][protocol]["mean"])


def _chart(content: Content, lines: list[Content], protocol: str) -> str | None:
    measure = _measure(content, protocol)
    dots, bars = [], []
    for line in _ordered(lines, protocol, measure):
        found = line["results"][protocol]
        mean = measure.scaled(found["mean"])
        name = full_title(line["contestant"])
        if line["family"] == "baselines":
            bars.append(
                Line(
                    f"{name.lower() if name[1:].islower() else name} {measure.text(found['mean'])}",
                    mean,
                )
            )
            continue
        low, high = (measure.scaled(found[end]) for end in ("min", "max"))
        kind = KINDS.index(line["family"]) if line["family"] in KINDS else 0
        name += " (sees labels)" if line["sees_labels"] else ""
        dots.append(Dot(name, mean, low, high, measure.text(found["mean"]), kind))
    if not dots:
        return None
    title = f"{content['data']['name']}: {spoken(protocol)}, {content['split']} split"
    axis = measure.written + measure.unit
    if len(content["seeds"]) > 1:
        axis += ": mean over seeds, and from the lowest to the highest"
    return dot_plot(title, axis, dots, bars, [family(kind) for kind in KINDS])


def _table(content: Content, lines: list[Content], protocols: list[str]) -> str:
    heads = [f"{short(name)}{_measure(content, name).unit}" for name in protocols]
    first = protocols[0] if protocols else None
    rows = []
    for baselines in (False, True):
        own = [line for line in lines if (line["family"] == "baselines") == baselines]
        for line in _ordered(own, first, _measure(content, first)) if first else own:
            cells = [_value(line, name, _measure(content, name)) for name in protocols]
            trials = line.get("tuning_trials")
            trained = line["family"] != "baselines" or line["method"] == "supervised"
            rows.append(
                [
                    full_title(line["contestant"])
                    + (" (sees labels)" if line["sees_labels"] else ""),
                    *cells,
                    duration(line["seconds"]) if trained else ABSENT,
                    ABSENT if trials is None else str(trials),
                    _verdicts(content, line) if trained else "",
                ]
            )
    return table(["", *heads, "training", "trials", "verdict"], rows, 1, len(heads) + 3)


def _value(line: Content, protocol: str, measure: Measure) -> str:
    found = line["results"].get(protocol)
    if found is None:
        return ABSENT
    text = measure.text(found["mean"])
    low, high = (measure.text(found[end]) for end in ("min", "max"))
    return text if low == high else f"{text} ({low} to {high})"


def _verdicts(content: Content, line: Content) -> str:
    found = [
        row["verdict"] or "failed"
        for row in content["rows"]
        if row["contestant"] == line["contestant"]
    ]
    words = dict.fromkeys(found)
    return ", ".join(word if len(words) == 1 else f"{found.count(word)} {word}" for word in words)
