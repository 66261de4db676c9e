"""How alike the encoders are: the matrix of CKA that a comparison may hold (``similarity``)."""

import math
from typing import Any

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.section import Section, fill


def section(comparison: Comparison) -> Section | None:
    """A matrix of contestants; absent where comparison.json has none that can be read."""
    found = comparison.facts.get("similarity")
    if not isinstance(found, dict):
        return None
    names, values = found.get("contestants") or [], found.get("values") or []
    known = {contestant.name: contestant for contestant in comparison.contestants}
    if not _square(names, values) or not all(name in known for name in names):
        return None
    body = fill(
        "similarity.html",
        contestants=[known[name] for name in names],
        rows=[
            (known[name], [value if _number(value) else None for value in row])
            for name, row in zip(names, values, strict=True)
        ],
        measure=str(found.get("measure") or "linear CKA"),
        pictures=found.get("pictures"),
    )
    return Section("similarity", "Similarity", body)


def _square(names: Any, values: Any) -> bool:
    return (
        isinstance(names, list)
        and isinstance(values, list)
        and len(names) == len(values) > 1
        and all(isinstance(row, list) and len(row) == len(names) for row in values)
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
