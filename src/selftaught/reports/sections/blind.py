"""What each method is blind to: the augmentation that moves its features least (protocol ``invariance``)."""

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.protocol_curves import areas, charts
from selftaught.reports.sections.section import Section, fill

PROTOCOL = "invariance"


def section(comparison: Comparison) -> Section | None:
    """A row a contestant, a column an operation; absent where the protocol was not run."""
    names = drawn_curves.names(comparison, PROTOCOL)
    drawn = charts(comparison, PROTOCOL)
    if not drawn:
        return None
    rows = areas(comparison, PROTOCOL, names)
    said = []
    for contestant, cells in rows:
        known = [
            (height, name)
            for name, (_, height) in zip(names, cells, strict=True)
            if height is not None
        ]
        if known:
            least, most = max(known), min(known)
            said.append((contestant, _word(least[1]), _word(most[1])))
    body = fill("blind.html", charts=drawn, rows=rows, said=said, titles=list(map(_word, names)))
    return Section("blind", "Blind spots", body)


def _word(name: str) -> str:
    return name.replace("_", " ")
