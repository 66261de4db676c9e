"""Lines on a pair of axes: the one chart that learning, few labels, corruption and spectra share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from selftaught.reports.drawing import (
    LETTER,
    Scale,
    drawing,
    element,
    kept_apart,
    marker,
    polyline,
    rounded_range,
)
from selftaught.reports.wording import compact

SIZE = (400.0, 280.0)
SMALL = (330.0, 230.0)
TOP, BOTTOM, LEFT = 14.0, 44.0, 44.0
LONGEST = 18
ROW = 15.5

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        label: written at its end, once for all lines of that name.
        ink: the variable of its colour.
        shape: its marks' form; None draws none.
        dash: which of the dash patterns it is drawn with.
        place: the contestant's, by which the page's scripts follow it.
        band: x, low and high of an interval at each point, drawn behind the line.
    """

    label: str
    ink: str
    points: list[Point]
    shape: int | None = None
    dash: int = 0
    place: int | None = None
    band: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        caption: what it shows, with its unit.
        written: how a value is written.
        logarithmic: whether equal steps are equal factors; all values must be positive.
        zero: whether it begins at zero where no value is negative.
        most: what no value can exceed, such as 1 of a share: the axis ends there.
        ticks: where its marks stand, if they are not to be chosen.
    """

    caption: str
    written: Callable[[float], str] = compact
    logarithmic: bool = False
    zero: bool = False
    most: float | None = None
    ticks: tuple[float, ...] | None = None

    def scale(self, values: Sequence[float], start: float, end: float, *, rounded: bool) -> Scale:
        """The axis laid out between two places of the drawing."""
        low, high = min(values), max(values)
        if self.logarithmic:
            return Scale(low, high if high > low else 2 * low, start, end, logarithmic=True)
        if self.zero and low >= 0:
            low = 0.0
        if rounded:
            low, high = rounded_range([low, high])
            high = min(high, self.most) if self.most is not None else high
        return Scale(low, high, start, end)

    def marks(self, scale: Scale, about: int) -> Sequence[float]:
        """Where its marks stand."""
        return scale.ticks(about) if self.ticks is None else self.ticks


def line_chart(
    lines: Sequence[Line], x: Axis, y: Axis, size: tuple[float, float] = SIZE
) -> Markup | None:
    """Lines on one pair of axes, each named at its end; None without lines.

    The chart grows in height where its names would not find room beside it.
    """
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    width, height = size
    names = list(dict.fromkeys(line.label for line in lines))
    top = TOP + 16
    height = max(height, top + BOTTOM + ROW * len(names))
    widest = max(len(_cut(name)) for name in names)
    right = width - 14 - widest * LETTER
    ends = [v for line in lines for _, low, high in line.band for v in (low, high)]
    across = x.scale([a for line in lines for a, _ in line.points], LEFT, right, rounded=False)
    heights = [b for line in lines for _, b in line.points] + ends
    up = y.scale(heights, height - BOTTOM, top, rounded=True)
    parts = [*frame(across, up, x, y)]
    parts += [_band(line, across, up) for line in lines if line.band]
    levels = _label_levels(lines, names, up, (top, height - BOTTOM))
    for name in names:
        own = [line for line in lines if line.label == name]
        parts.append(_series(own, across, up, right + 9, levels[name]))
    said = "; ".join(f"{line.label} ends at {y.written(line.points[-1][1])}" for line in lines[:8])
    return drawing(width, height, f"{y.caption} against {x.caption}: {said}", parts)


def frame(across: Scale, up: Scale, x: Axis, y: Axis) -> Iterable[Markup]:
    """Grid, ticks and the two captions."""
    for tick in y.marks(up, 6):
        level = up(tick)
        yield element("line", x1=across.start, x2=across.end, y1=level, y2=level, class_="grid")
        yield element("text", y.written(tick), x=across.start - 8, y=level + 4.5, class_="tick end")
    for tick in _roomy(list(x.marks(across, 5)), across, x.written):
        text = x.written(tick)
        yield element("text", text, x=across(tick), y=up.start + 19, class_="tick middle")
    yield element("text", x.caption, x=across.end, y=up.start + 39, class_="axis end")
    yield element("text", y.caption, x=0, y=TOP, class_="axis")


def _roomy(ticks: list[float], scale: Scale, written: Callable[[float], str]) -> list[float]:
    """Those ticks whose words do not run into the one before."""
    kept: list[float] = []
    reach = float("-inf")
    for tick in ticks:
        half = len(written(tick)) * LETTER / 2
        if scale(tick) - half > reach:
            kept.append(tick)
            reach = scale(tick) + half + 4
    return kept


def _series(own: Sequence[Line], across: Scale, up: Scale, x: float, level: float) -> Markup:
    """All lines of one name, with it, as one group that is pointed at together."""
    first = own[0]
    thin = " thin" if len(own) > 1 else ""
    parts = []
    for line in own:
        placed = [(across(a), up(b)) for a, b in line.points]
        parts.append(element("path", d=polyline(placed), class_=f"line dash-{line.dash % 4}{thin}"))
        if line.shape is not None:
            parts += [marker(line.shape, *point, 3.4) for point in placed]
    parts.append(element("text", _cut(first.label), x=x, y=level + 4.5, class_="label"))
    ink = f"--ink: var({first.ink})"
    return element("g", *parts, class_="series", style=ink, data_place=first.place)


def _band(line: Line, across: Scale, up: Scale) -> Markup:
    above = [(across(a), up(high)) for a, _, high in line.band]
    below = [(across(a), up(low)) for a, low, _ in reversed(line.band)]
    ink = f"--ink: var({line.ink})"
    outline = polyline([*above, *below]) + "Z"
    return element("path", d=outline, class_="band", style=ink, data_place=line.place)


def _label_levels(
    lines: Sequence[Line], names: Sequence[str], up: Scale, between: tuple[float, float]
) -> dict[str, float]:
    """Where each name stands beside the mean of its lines' ends, none over another."""
    wanted = []
    for name in names:
        own = [up(line.points[-1][1]) for line in lines if line.label == name]
        wanted.append(sum(own) / len(own))
    return dict(zip(names, kept_apart(wanted, ROW, *between), strict=True))


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
