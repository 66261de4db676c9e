"""The two charts of results: a number per contestant, and a number beside its cost."""

from collections.abc import Sequence

from markupsafe import Markup

from selftaught.measures import ACCURACY, Measure
from selftaught.reports.curves import HEIGHT, LEFT, TOP, WIDTH, frame
from selftaught.reports.drawing import (
    LETTER,
    Scale,
    drawing,
    element,
    kept_apart,
    levels,
    marker,
    rounded_range,
)
from selftaught.reports.folder import Contestant
from selftaught.reports.wording import duration, full_title, protocol, title

ROW = 46.0
LEVEL = 17.0

Marked = tuple[Contestant, str, int]


def accuracy_chart(
    methods: Sequence[Marked],
    baselines: Sequence[Marked],
    protocol_name: str,
    measure: Measure = ACCURACY,
) -> Markup | None:
    """A row per method: a mark per seed, a stroke at the mean, a bar for its interval.

    The baselines' means are lines through all rows, named above. None where nothing was read.
    """
    rows = [(c, ink, shape) for c, ink, shape in methods if c.values(protocol_name)]
    lines = [(c.name, mean) for c, _, _ in baselines if (mean := c.mean(protocol_name)) is not None]
    if not rows and not lines:
        return None
    values = [
        v
        for c, _, _ in rows
        for v in (*c.values(protocol_name), *(c.interval(protocol_name) or ()))
    ]
    values += [value for _, value in lines]
    low, high = rounded_range([measure.scaled(v) for v in values], about=5)
    least, most = (measure.scaled(end) for end in measure.bounds)
    x = Scale(max(least, low), min(most, high), 8.0, WIDTH - 8)
    names = [f"{full_title(name)} {measure.text(value)}" for name, value in lines]
    centres = [
        min(max(x(measure.scaled(value)), len(text) * LETTER / 2), WIDTH - len(text) * LETTER / 2)
        for text, (_, value) in zip(names, lines, strict=True)
    ]
    spans = [
        (centre - len(text) * LETTER / 2 - 5, centre + len(text) * LETTER / 2 + 5)
        for centre, text in zip(centres, names, strict=True)
    ]
    placed = levels(spans)
    top = LEVEL * (max(placed, default=-1) + 1) + 8
    bottom = top + ROW * len(rows) + 8
    parts = []
    for tick in x.ticks():
        parts.append(element("line", x1=x(tick), x2=x(tick), y1=top, y2=bottom, class_="grid"))
        parts.append(element("text", f"{tick:g}", x=x(tick), y=bottom + 18, class_="tick middle"))
    for level, (_, value) in zip(placed, lines, strict=True):
        at, base = x(measure.scaled(value)), LEVEL * (level + 1)
        parts.append(element("line", x1=at, x2=at, y1=base + 4, y2=bottom, class_="reference"))
    # After the lines, on a ground of their own: no other line shall run through a name.
    for text, centre, level in zip(names, centres, placed, strict=True):
        base, reach = LEVEL * (level + 1) - 1, len(text) * LETTER / 2 - 4
        parts.append(
            element(
                "rect", x=centre - reach, y=base - 12, width=2 * reach, height=15, class_="ground"
            )
        )
        parts.append(element("text", text, x=centre, y=base, class_="baseline middle"))
    for index, marked in enumerate(rows):
        parts.append(_row(marked, protocol_name, measure, x, top + ROW * index + ROW / 2 + 8))
    caption = f"{protocol(protocol_name)} {measure.written}{measure.unit}"
    parts.append(element("text", caption, x=WIDTH - 8, y=bottom + 38, class_="axis end"))
    said = [f"{full_title(c.name)} {measure.text(c.mean(protocol_name))}" for c, _, _ in rows]
    return drawing(WIDTH, bottom + 46, f"{caption}: {', '.join(said + names)}", parts)


def _row(marked: Marked, protocol_name: str, measure: Measure, x: Scale, y: float) -> Markup:
    contestant, ink, shape = marked
    numbers = contestant.values(protocol_name)
    values = [measure.scaled(value) for value in numbers]
    mean, interval = sum(values) / len(values), contestant.interval(protocol_name)
    parts = []
    if interval is not None:
        ends = [min(max(x(measure.scaled(end)), x.start), x.end) for end in interval]
        parts.append(element("line", x1=ends[0], x2=ends[1], y1=y, y2=y, class_="interval"))
    parts += [marker(shape, x(value), y, 5, class_="seed") for value in values]
    if len(values) > 1:
        parts.append(element("line", x1=x(mean), x2=x(mean), y1=y - 9, y2=y + 9, class_="mean"))
    text = f"{_name(contestant)} {measure.text(sum(numbers) / len(numbers))}"
    reach = len(text) * LETTER / 2
    at = min(max(x(mean), x.start + reach), x.end - reach)
    parts.append(element("text", text, x=at, y=y - 14, class_="label middle halo"))
    return element("g", *parts, class_="series", style=f"--ink: var({ink})")


def cost_chart(
    contestants: Sequence[Marked], protocol_name: str, measure: Measure = ACCURACY
) -> Markup | None:
    """The number against seconds of training, one mark per contestant; a logarithmic axis if wide."""
    points = [
        (c, ink, shape, seconds, measure.scaled(mean))
        for c, ink, shape in contestants
        if (mean := c.mean(protocol_name)) is not None
        and (seconds := c.average("seconds")) is not None
    ]
    if len(points) < 2:
        return None
    times = [max(point[3], 0.1) for point in points]
    wide = max(times) > 20 * min(times)
    right = WIDTH - 12.0
    if wide:
        x = Scale(min(times) / 1.6, max(times) * 1.6, LEFT, right, logarithmic=True)
    else:
        x = Scale(0.0, max(times) * 1.12, LEFT, right)
    low, high = rounded_range([point[4] for point in points], about=5)
    height = HEIGHT + 20
    least, most = (measure.scaled(end) for end in measure.bounds)
    y = Scale(max(least, low), min(most, high), height - 44, TOP + 22)
    parts = list(
        frame(
            x,
            y,
            written=lambda v: f"{v:g}",
            x_written=duration,
            across="training time" + (", logarithmic" if wide else ""),
            up=f"{protocol(protocol_name)} {measure.written}{measure.unit}",
        )
    )
    parts += _named_points(points, x, y)
    said = ", ".join(
        f"{full_title(c.name)} {measure.phrase(c.mean(protocol_name))} in {duration(seconds)}"
        for c, _, _, seconds, _ in points
    )
    caption = f"{measure.written.capitalize() if measure == ACCURACY else measure.written}"
    return drawing(WIDTH, height, f"{caption} beside training time: {said}", parts)


def _named_points(
    points: Sequence[tuple[Contestant, str, int, float, float]], x: Scale, y: Scale
) -> list[Markup]:
    """Marks with their names beside them, to the left where the right edge is near."""
    places = [(x(max(p[3], 0.1)), y(p[4])) for p in points]
    sides = [
        -1 if across + 12 + LETTER * len(_name(p[0])) > WIDTH else 1
        for p, (across, _) in zip(points, places, strict=True)
    ]
    heights = [up for _, up in places]
    for side in (-1, 1):
        own = [i for i, s in enumerate(sides) if s == side]
        moved = kept_apart([heights[i] for i in own], 16, y.end, y.start)
        for i, height in zip(own, moved, strict=True):
            heights[i] = height
    drawn = []
    for point, (across, up), side, height in zip(points, places, sides, heights, strict=True):
        contestant, ink, shape = point[:3]
        label = element(
            "text",
            _name(contestant),
            x=across + 11 * side,
            y=height + 4.5,
            class_="label halo" + (" end" if side < 0 else ""),
        )
        mark = marker(shape, across, up, 5.5, class_="hollow" if contestant.baseline else "seed")
        drawn.append(element("g", mark, label, class_="series", style=f"--ink: var({ink})"))
    return drawn


def _name(contestant: Contestant, most: int = 26) -> str:
    name, overrides = title(contestant.name)
    text = f"{name} {overrides}" if overrides else name
    return text if len(text) <= most else text[: most - 1] + "…"
