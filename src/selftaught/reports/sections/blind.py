"""What each method is blind to: the augmentation that moves its features least (protocol ``invariance``)."""

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.protocol_curves import charts, heights, pairs
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import ABSENT

PROTOCOL = "invariance"


def section(comparison: Comparison) -> Section | None:
    """A row a contestant, a column an operation; absent where the protocol was not run."""
    names = drawn_curves.names(comparison, PROTOCOL)
    drawn = charts(comparison, PROTOCOL)
    if not drawn:
        return None
    rows = []
    for contestant, cells in heights(comparison, PROTOCOL, names, drawn_curves.end):
        known = [
            (value, name)
            for name, (_, value) in zip(names, cells, strict=True)
            if value is not None
        ]
        least, most = (_word(pick(known)[1]) if known else ABSENT for pick in (max, min))
        rows.append((contestant, cells, least, most))
    # One value is no curve: what is done or not done stands in the table alone.
    several = [each for each in drawn if each.name in _graded(comparison, names)]
    body = fill("blind.html", charts=several, rows=rows, titles=list(map(_word, names)))
    return Section("blind", "Blind spots", body)


def _graded(comparison: Comparison, names: list[str]) -> set[str]:
    """The operations that were read at more than one strength."""
    return {
        name
        for name in names
        for _, curve in pairs(comparison, PROTOCOL, name)
        if len(curve.points) > 1
    }


def _word(name: str) -> str:
    return name.replace("_", " ")
