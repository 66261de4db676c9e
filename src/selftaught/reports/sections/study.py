"""The claim that a study tested, and what these runs answer."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.section import Section, fill


def section(comparison: Comparison) -> Section | None:
    """The claim, a sentence for each of its aspects and what these rest on; absent without a study."""
    study = comparison.facts.get("study")
    if not study:
        return None
    # Comparisons of earlier versions have no note.
    note = [study["note"]] if study.get("note") else []
    sentences = [*(answer["sentence"] for answer in study["answers"]), *note]
    return Section("study", "Study", fill("study.html", claim=study["claim"], sentences=sentences))
