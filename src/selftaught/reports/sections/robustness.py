"""What corruption, attacks and wrong labels cost: the protocols that say so by curves."""

from typing import Any

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.protocol_curves import areas, charts
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import protocol

PROTOCOLS = {
    "robustness": "Pictures are corrupted in the ways of Hendrycks and Dietterich (2019) at growing strength.",
    "attacks": "Pictures are changed by an adversary within a growing distance.",
    "adversarial": "Pictures are changed by an adversary within a growing distance.",
    "label_noise": "A growing share of the labels that the probe learns from is wrong.",
    "labelnoise": "A growing share of the labels that the probe learns from is wrong.",
}


def section(comparison: Comparison) -> Section | None:
    """Curves for each corruption and attack, and a table of their heights; absent where none was run."""
    parts = [
        part
        for name, lead in PROTOCOLS.items()
        if (part := _part(comparison, name, lead)) is not None
    ]
    if not parts:
        return None
    return Section("robustness", "Robustness", fill("robustness.html", parts=parts))


def _part(comparison: Comparison, name: str, lead: str) -> dict[str, Any] | None:
    drawn = charts(comparison, name)
    if not drawn:
        return None
    rows = areas(comparison, name, [each.name for each in drawn])
    return {
        "anchor": name,
        "title": protocol(name),
        "lead": lead,
        "charts": drawn,
        "rows": rows,
        "names": drawn_curves.names(comparison, name),
    }
