"""The claim that a study tested, and what these runs answer."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.section import Section, fill


def section(comparison: Comparison) -> Section | None:
    """The claim and a sentence for each of its aspects; absent where no study was asked for."""
    study = comparison.facts.get("study")
    if not study:
        return None
    sentences = [answer["sentence"] for answer in study["answers"]]
    return Section("study", "Study", fill("study.html", claim=study["claim"], sentences=sentences))
