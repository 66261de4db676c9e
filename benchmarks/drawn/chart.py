"""A dot plot as one SVG file: a row each, its mean and its range, and lines that hold for all rows.

It is legible by itself wherever it is shown: it brings its own ground, light or dark as the reader's browser
asks, and no two kinds of dot differ by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from selftaught.reports.drawing import Scale, element, marker, rounded_range

WIDTH, ROW, LETTER, SMALL = 660, 26, 9.0, 6.8
"""In pixels; the last two are about the widths of letters, to keep words apart: of names and of small words."""
WIDER, NARROWER = set("mwMW=%"), set("iljtfrI1 .,:;'|()[]/-")
STYLE = """
text{font:14px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1d2024}
.quiet{fill:#5c636a}.small{font-size:12.5px}.title{font-weight:600}
.ground{fill:#fbfbf9;stroke:#dcdcd6}.grid{stroke:#e4e4df}.bar{stroke:#80868d;stroke-dasharray:5 4}
.k0{--ink:#bf4600}.k1{--ink:#007f5d}.k2{--ink:#5b4bb0}.k3{--ink:#0072b2}.k4{--ink:#8a6a00}
.dot{fill:var(--ink);stroke:#fbfbf9}
.span{stroke:var(--ink);stroke-width:3;stroke-linecap:round;opacity:.45}
@media (prefers-color-scheme:dark){
text{fill:#e9e7e2}.quiet{fill:#a3a9b0}
.ground{fill:#16181b;stroke:#33383e}.grid{stroke:#2b2f34}.bar{stroke:#8d939a}
.k0{--ink:#f58549}.k1{--ink:#35c29a}.k2{--ink:#a99bf5}.k3{--ink:#55aee6}.k4{--ink:#e0b83f}
.dot{stroke:#16181b}}
"""


@dataclass(frozen=True)
class Dot:
    """One row.

    Attributes:
        name: of the row.
        value: where its dot lies.
        low, high: its range; both equal to ``value`` where there is one value alone.
        text: the value as it is written at the end of the row.
        kind: which of the kinds of dot it is.
    """

    name: str
    value: float
    low: float
    high: float
    text: str
    kind: int = 0


@dataclass(frozen=True)
class Line:
    """A value that is no row: a baseline, or a bar to clear."""

    name: str
    value: float


def _width(name: str) -> float:
    """About what a name takes in the widest of the fonts that ``STYLE`` names."""
    return LETTER * sum(1.35 if c in WIDER else 0.62 if c in NARROWER else 1 for c in name)


def dot_plot(
    title: str,
    axis: str,
    dots: Sequence[Dot],
    lines: Sequence[Line] = (),
    kinds: Sequence[str] = (),
    *,
    logarithmic: bool = False,
) -> str:
    """The SVG.

    Args:
        title: over the plot, and what a screen reader says.
        axis: what the values are, with their unit.
        dots: rows, from the top.
        lines: drawn behind all rows, each named over the plot.
        kinds: name of each kind of dot; the legend has those that occur.
    """
    values = [x for dot in dots for x in (dot.low, dot.high)] + [line.value for line in lines]
    bounds = (min(values) * 0.8, max(values) * 1.25) if logarithmic else rounded_range(values)
    left = 32 + max(_width(dot.name) for dot in dots)
    end = WIDTH - 40 - SMALL * max(len(dot.text) for dot in dots)
    scale = Scale(*bounds, left, end, logarithmic)
    flags = _flags(lines, scale)
    top = 52 + 18 * max((flag.level + 1 for flag in flags), default=0)
    bottom = top + ROW * len(dots)
    parts = [element("text", title, x=18, y=30, class_="title")]
    middle = {"class_": "quiet small", "text_anchor": "middle"}
    for tick in scale.ticks():
        x = scale(tick)
        parts += [
            element("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid"),
            element("text", f"{tick:g}", x=x, y=bottom + 18, **middle),
        ]
    parts.append(element("text", axis, x=(left + end) / 2, y=bottom + 38, **middle))
    for flag in flags:
        y, side = top - 8 - 18 * flag.level, 1 if flag.right else -1
        words = {"class_": "quiet small", "text_anchor": "start" if flag.right else "end"}
        parts += [
            element("line", x1=flag.x, x2=flag.x, y1=y - 11, y2=bottom, class_="bar"),
            element("text", flag.name, x=flag.x + 5 * side, y=y, **words),
        ]
    for place, dot in enumerate(dots):
        parts += _row(dot, scale, left, top + ROW * (place + 0.5))
    here = sorted({dot.kind for dot in dots}) if kinds else []
    parts += _legend([(kind, kinds[kind]) for kind in here], bottom + 62)
    height = bottom + (78 + 20 * (_rows(here) - 1) if here else 52)
    ground = element(
        "rect", x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=10, class_="ground"
    )
    says = f"{title}. " + "; ".join(f"{dot.name} {dot.text}" for dot in dots)
    says += "".join(f"; {line.name}" for line in lines)
    drawn = element(
        "svg",
        element("title", says),
        Markup(f"<style>{STYLE}</style>"),
        ground,
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
    )
    return str(drawn).replace("><", ">\n<") + "\n"


@dataclass(frozen=True)
class Flag:
    """A line's name at its upper end, on one side of it; the higher the level, the higher it hangs."""

    name: str
    x: float
    right: bool
    level: int

    @property
    def span(self) -> tuple[float, float]:
        width = SMALL * len(self.name) + 10
        return (self.x, self.x + width) if self.right else (self.x - width, self.x)


def _flags(lines: Sequence[Line], scale: Scale) -> list[Flag]:
    """Names that no line crosses: each hangs above the flags of the lines that run under it."""
    middle = (scale.start + scale.end) / 2
    placed: list[Flag] = []
    # From the middle outwards, so that what runs under a flag has its place already.
    for line in sorted(lines, key=lambda line: abs(scale(line.value) - middle)):
        x = scale(line.value)
        flag = Flag(line.name, x, x < middle, 0)
        start, end = flag.span
        under = [each.level for each in placed if each.span[0] < end and start < each.span[1]]
        placed.append(Flag(line.name, x, flag.right, max(under, default=-1) + 1))
    return placed


def _row(dot: Dot, scale: Scale, left: float, y: float) -> list[Markup]:
    parts = []
    if dot.high > dot.low:
        ends = {"x1": scale(dot.low), "x2": scale(dot.high)}
        parts.append(element("line", **ends, y1=y, y2=y, class_="span"))
    parts.append(marker(dot.kind, scale(dot.value), y, 5, class_="dot"))
    return [
        element("text", dot.name, x=left - 14, y=y + 5, text_anchor="end"),
        element("g", *parts, class_=f"k{dot.kind % 5}"),
        element("text", dot.text, x=WIDTH - 18, y=y + 5, text_anchor="end", class_="quiet small"),
    ]


PER_ROW = 3


def _rows(kinds: Sequence[object]) -> int:
    return -(-len(kinds) // PER_ROW)


def _legend(kinds: Sequence[tuple[int, str]], y: float) -> list[Markup]:
    parts = []
    for place, (kind, name) in enumerate(kinds):
        x, below = 28 + 208 * (place % PER_ROW), y + 20 * (place // PER_ROW)
        parts += [
            element("g", marker(kind, x, below - 4, 5, class_="dot"), class_=f"k{kind % 5}"),
            element("text", name, x=x + 12, y=below, class_="quiet small"),
        ]
    return parts
