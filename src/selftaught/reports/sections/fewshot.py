"""How accuracy grows with the labels that are given: the protocol ``fewshot``."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.protocol_curves import charts, table
from selftaught.reports.sections.section import Section, fill

PROTOCOL = "fewshot"


def section(comparison: Comparison) -> Section | None:
    """Accuracy against labels a class, with intervals over draws; absent where it was not run."""
    drawn = charts(comparison, PROTOCOL)
    if not drawn:
        return None
    columns, rows = table(comparison, PROTOCOL, drawn[0].name)
    body = fill("fewshot.html", charts=drawn, columns=columns, rows=rows)
    return Section("fewshot", "Few labels", body)
