"""Counts as horizontal bars."""

from collections.abc import Sequence

from markupsafe import Markup

from selftaught.reports.drawing import LETTER, drawing, element
from selftaught.reports.wording import count

WIDTH, ROW = 400.0, 22.0
LONGEST = 22
FIGURES = 62.0


def bars(rows: Sequence[tuple[str, int]], caption: str, ink: str = "--ink-0") -> Markup:
    """A bar for each name, as long as its count, which stands at its end."""
    names = [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name, _ in rows]
    left = max((len(name) for name in names), default=0) * LETTER + 10
    most = max((number for _, number in rows), default=0) or 1
    parts = []
    for place, (name, (_, number)) in enumerate(zip(names, rows, strict=True)):
        y = ROW * place
        length = (WIDTH - left - FIGURES) * number / most
        parts.append(element("text", name, x=left - 8, y=y + 15, class_="tick end"))
        parts.append(element("rect", x=left, y=y + 4, width=max(length, 1.0), height=ROW - 8))
        parts.append(element("text", count(number), x=left + length + 6, y=y + 15, class_="tick"))
    said = ", ".join(f"{name} {number}" for name, number in rows)
    group = element("g", *parts, class_="series", style=f"--ink: var({ink})")
    return drawing(WIDTH, ROW * len(rows) + 4, f"{caption}: {said}", [group])
