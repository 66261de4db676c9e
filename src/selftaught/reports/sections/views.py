"""What each method was shown of a picture."""

import io

from PIL import Image

from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.sections.section import Section, fill, uri


def section(comparison: Comparison) -> Section | None:
    """The sheets of views; methods that were shown the same share one. Absent without any."""
    sheets: dict[bytes, list[Contestant]] = {}
    for contestant in comparison.contestants:
        run = contestant.first("views")
        if run is not None and run.views:
            sheets.setdefault(run.views, []).append(contestant)
    if not sheets:
        return None
    body = fill(
        "views.html", sheets=[(uri(sheet), _size(sheet), who) for sheet, who in sheets.items()]
    )
    return Section("views", "Views", body)


def _size(sheet: bytes) -> tuple[int, int]:
    """Width and height, so that nothing moves when the picture arrives; a broken one takes no room."""
    try:
        with Image.open(io.BytesIO(sheet)) as picture:
            return picture.size
    except OSError:
        return (0, 0)
