"""Curves of protocols that have no section of their own."""

from typing import Any

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections import blind, classes, fewshot, robustness, spectra
from selftaught.reports.sections.protocol_curves import charts
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import question, short

ELSEWHERE = (
    *fewshot.PROTOCOLS,
    spectra.PROTOCOL,
    blind.PROTOCOL,
    classes.PROTOCOL,
    *robustness.PROTOCOLS,
)


def section(comparison: Comparison) -> Section | None:
    """A chart for each curve; absent where there are none."""
    parts: list[dict[str, Any]] = [
        {"anchor": name, "title": short(name), "lead": question(name), "charts": drawn}
        for name in comparison.protocols
        if name not in ELSEWHERE and (drawn := charts(comparison, name))
    ]
    if not parts:
        return None
    return Section("further", "More curves", fill("further.html", parts=parts))
