"""What each method is blind to: the augmentation that moves its features least (protocol ``invariance``)."""

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.protocol_curves import Cells, charts, heights, pairs
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import ABSENT

PROTOCOL = "invariance"
UNTRAINED = "untrained"


def section(comparison: Comparison) -> Section | None:
    """A row a contestant, a column an operation; absent where the protocol was not run."""
    names = drawn_curves.names(comparison, PROTOCOL)
    drawn = charts(comparison, PROTOCOL)
    if not drawn:
        return None
    ends = heights(comparison, PROTOCOL, names, drawn_curves.end)
    # What an encoder disregards before it was taught anything says nothing about the method.
    start = {c.encoder: cells for c, cells in ends if c.name.partition(":")[0] == UNTRAINED}
    rows = [
        (
            contestant,
            cells,
            [
                _extreme(names, cells),
                _learnt(
                    names, cells, None if contestant.baseline else start.get(contestant.encoder)
                ),
                _extreme(names, cells, largest=False),
            ],
        )
        for contestant, cells in ends
    ]
    # One value is no curve: what is done or not done stands in the table alone.
    several = [each for each in drawn if each.name in _graded(comparison, names)]
    body = fill(
        "blind.html",
        charts=several,
        rows=rows,
        titles=list(map(_word, names)),
        learnt=bool(start),
    )
    return Section("blind", "Blind spots", body)


def _extreme(names: list[str], cells: Cells, *, largest: bool = True) -> str:
    """The operation that leaves most, or least, of the features."""
    known = [(v, name) for name, (_, v) in zip(names, cells, strict=True) if v is not None]
    return _word((max if largest else min)(known)[1]) if known else ABSENT


def _learnt(names: list[str], cells: Cells, start: Cells | None) -> str:
    """What training taught to disregard: the largest gain over the untrained encoder, in points."""
    if start is None:
        return ""
    gains = [
        (after - before, name)
        for name, (_, after), (_, before) in zip(names, cells, start, strict=True)
        if after is not None and before is not None
    ]
    gain, name = max(gains, default=(0.0, ""))
    return f"{_word(name)} (+{100 * gain:.0f})" if gain > 0 else "nothing"


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
