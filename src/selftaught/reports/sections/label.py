"""The pictures to label: with the keyboard or by pointing, saved as a file, without a server."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.section import Section, fill, uri

SHARP = 64
"""Tiles up to this size show their pixels when they are enlarged."""


def section(comparison: Comparison) -> Section | None:
    """The sheet, and what was answered before; absent where there is none."""
    sheet = comparison.sheet
    if sheet is None:
        return None
    known = comparison.facts.get("few_labels") or {}
    body = fill(
        "label.html",
        uri=uri(sheet.picture),
        columns=sheet.columns,
        rows=-(-len(sheet.files) // sheet.columns),
        pictures=[(file, *divmod(i, sheet.columns)) for i, file in enumerate(sheet.files)],
        pool=sheet.facts.get("pool") or {},
        directory=sheet.directory.as_posix(),
        sharp=sheet.tile <= SHARP,
        ranked=bool(known),
    )
    data = {
        "files": list(sheet.files),
        "labels": known.get("labels") or {},
        "nobody": known.get("nobody") or [],
    }
    return Section("label", "Label", body, data)
