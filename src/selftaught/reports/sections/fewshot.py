"""How accuracy grows with the labels that are given: the protocols ``fewshot`` and ``finetune``."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.protocol_curves import Drawn, charts, table
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import short

PROTOCOLS = ("fewshot", "finetune")


def section(comparison: Comparison) -> Section | None:
    """Accuracy against labels, with intervals over draws; absent where neither was run."""
    parts: list[tuple[str, Drawn]] = [
        (name, each) for name in PROTOCOLS for each in charts(comparison, name)
    ]
    if not parts:
        return None
    body = fill(
        "fewshot.html",
        titles=[short(name) for name, _ in parts],
        charts=[each.chart for _, each in parts],
        tables=[table(comparison, name, each.name) for name, each in parts],
    )
    return Section("fewshot", "Few labels", body)
