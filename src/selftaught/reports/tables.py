"""The comparison as a table for the terminal."""

from typing import Any

from rich.table import Table
from rich.text import Text

from selftaught import catalogue
from selftaught.measures import Measure, number
from selftaught.reports.wording import (
    ABSENT,
    column,
    count,
    full_title,
    memory,
    protocol,
    settings,
)

VERDICT_STYLES = {
    "learning": "green",
    "fitted": "",
    "stalled": "yellow",
    "collapsed": "bold red",
    "diverged": "bold red",
    "failed": "bold red",
}


BESIDE = 2
"""Protocols that stand beside the cost and the verdict; further ones have tables of their own."""

APART = 4
"""Protocols in each of these."""


def comparison_tables(comparison: dict[str, Any]) -> list[Table]:
    """The summary of a ``comparison.json`` in as many tables as eighty columns ask for."""
    names = _protocols(comparison)
    rest = [names[at : at + APART] for at in range(BESIDE, len(names), APART)]
    return [
        comparison_table(comparison, names[:BESIDE]),
        *(comparison_table(comparison, each, cost=False) for each in rest),
    ]


def _protocols(comparison: dict[str, Any]) -> list[str]:
    return list(
        dict.fromkeys(name for row in comparison["rows"] for name in row.get("results") or {})
    )


def comparison_table(
    comparison: dict[str, Any], protocols: list[str] | None = None, *, cost: bool = True
) -> Table:
    """The summary of a ``comparison.json``: a line per contestant, the baselines below a rule.

    Args:
        comparison: the file's content. Under three seeds every value is written, from three on
            the mean and its interval.
        protocols: those that have a column; None takes all.
        cost: whether seconds of training and verdict (and memory, where intervals leave it room) stand
            beside them, and a heading above.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in comparison["rows"]:
        rows.setdefault(row["contestant"], []).append(row)
    summaries = {line["contestant"]: line for line in comparison.get("summary") or []}
    protocols = _protocols(comparison) if protocols is None else protocols
    intervals = any(len(own) >= 3 for own in rows.values())  # which take the room of a column
    table = Table(
        title=_heading(comparison) if cost else None,
        title_justify="left",
        caption=_caption(comparison, protocols, verdicts=cost),
        caption_justify="left",
        header_style="dim",
        box=None,
        pad_edge=False,
    )
    table.add_column("", no_wrap=True)
    measures = {name: _measure(comparison["rows"], name) for name in protocols}
    for name, measure in measures.items():
        sign = " %" if measure.share else ""
        table.add_column(column(name, measure) + sign, justify="right", no_wrap=not measure.title)
    if cost:
        for heading in ("seconds",) if intervals else ("seconds", "memory"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
    ordered = sorted(rows.items(), key=lambda item: item[1][0].get("family") == "baselines")
    parted = False
    for name, own in ordered:
        if own[0].get("family") == "baselines" and not parted and table.row_count:
            table.add_section()
            table.add_row("[dim]baselines[/dim]")
            parted = True
        cells: list[Text | str] = [
            *(_values(own, summaries.get(name, {}), each, measures[each]) for each in protocols),
        ]
        if cost:
            cells += [
                count(_average(own, "seconds")),
                *([] if intervals else [memory(_average(own, "peak_memory_bytes"))]),
                _verdicts(own),
            ]
        table.add_row(Text(full_title(name)), *cells)
    return table


def _heading(comparison: dict[str, Any]) -> Text:
    data = (comparison.get("data") or {}).get("name", "")
    return Text(f"{data}, {comparison.get('split', 'test')} split", style="bold")


def _caption(comparison: dict[str, Any], protocols: list[str], verdicts: bool) -> Text:
    """The settings that all rows of a protocol share, and what the star beside a verdict means."""
    parts = []
    if verdicts and any(row.get("sees_labels") for row in comparison["rows"]):
        parts.append("* sees labels")
    for name in protocols:
        every = {
            settings(row["results"][name])
            for row in comparison["rows"]
            if name in (row.get("results") or {})
        }
        if len(every) == 1 and "" not in every:
            parts.append(f"{protocol(name)}: {every.pop()}")
    if comparison.get("budget"):
        parts.append(str(comparison["budget"]))
    return Text("; ".join(parts), style="dim")


def _measure(rows: list[dict[str, Any]], name: str) -> Measure:
    """What a protocol's numbers are, by the first row that has one."""
    results = (row["results"][name] for row in rows if name in (row.get("results") or {}))
    return catalogue.measure(name, next(results, {}))


def _values(
    rows: list[dict[str, Any]], summary: dict[str, Any], name: str, measure: Measure
) -> Text:
    found = [number(row["results"][name]) for row in rows if name in (row.get("results") or {})]
    values = [value for value in found if value is not None]
    if not values:
        return Text(ABSENT)
    if len(values) < 3:
        return Text(" · ".join(measure.text(value) for value in values))
    text = Text(measure.text(sum(values) / len(values)))
    interval = ((summary.get("results") or {}).get(name) or {}).get("interval")
    if interval:
        text.append(f" [{measure.text(interval[0])}–{measure.text(interval[1])}]", style="dim")
    return text


def _average(rows: list[dict[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row.get(key) is not None]
    return float(sum(values) / len(values)) if values else None


def _verdicts(rows: list[dict[str, Any]]) -> Text:
    words = list(dict.fromkeys(row.get("verdict") or ABSENT for row in rows))
    text = Text(", ").join(Text(word, style=VERDICT_STYLES.get(word, "")) for word in words)
    if any(row.get("sees_labels") for row in rows):
        text.append(" *", style="dim")
    return text
