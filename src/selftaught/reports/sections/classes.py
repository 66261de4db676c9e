"""Class by class, and group by group: whom a probe on each encoder serves worst (protocol ``fairness``)."""

from typing import Any

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison, mean
from selftaught.reports.sections.protocol_curves import pairs
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import percent, question

PROTOCOL = "fairness"

MOST = 20
"""Columns of the table; of more classes, those that are served worst on average."""


def section(comparison: Comparison) -> Section | None:
    """A row a contestant, a column a class (or group); absent where the protocol was not run."""
    parts = [
        part
        for name in drawn_curves.names(comparison, PROTOCOL)
        if (part := _part(comparison, name)) is not None
    ]
    if not parts:
        return None
    body = fill("classes.html", parts=parts, lead=question(PROTOCOL))
    return Section("fairness", "Class by class", body)


def _part(comparison: Comparison, name: str) -> dict[str, Any] | None:
    found = pairs(comparison, PROTOCOL, name)
    if not found:
        return None
    across = found[0][1].across
    every = sorted({x for _, curve in found for x, *_ in curve.points})
    readings = [{x: y for x, y, *_ in curve.points} for _, curve in found]
    hardest = sorted(every, key=lambda x: mean(own[x] for own in readings if x in own) or 0.0)
    places = sorted(hardest[:MOST])
    rows = []
    for (contestant, _), at in zip(found, readings, strict=True):
        worst = min(at.values())
        cells = [(percent(at.get(x), 0), at.get(x), at.get(x) == worst) for x in places]
        rows.append((contestant, cells))
    return {
        "title": name.replace("_", " "),
        "left_out": len(every) - len(places),
        "columns": [_written(comparison, across, x) for x in places],
        "rows": rows,
    }


def _written(comparison: Comparison, across: str, place: float) -> str:
    """A class by its name; a group, which has none here, by its number."""
    classes = (comparison.facts.get("data") or {}).get("classes") or []
    number = int(place)
    return str(classes[number]) if across == "class" and 0 <= number < len(classes) else str(number)
