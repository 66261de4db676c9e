"""A result beside its cost: one mark a contestant."""

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from selftaught.measures import Measure
from selftaught.reports.contestants import Contestant
from selftaught.reports.drawing import LETTER, Scale, drawing, element, kept_apart, marker
from selftaught.reports.lines import BOTTOM, LEFT, SIZE, TOP, Axis, frame
from selftaught.reports.wording import ABSENT, compact, duration, full_title, memory

WIDE = 20
"""Costs that differ by more than this factor stand on a logarithmic axis."""

MOST = 24

CROWD = 12
"""Contestants whose names stand beside their marks; of more, only the one pointed at is named, and the table
beside the chart says which mark is whose."""

COSTS = {
    "seconds": Axis("training time", duration),
    "pictures_seen": Axis("pictures seen", compact),
    "pixels_seen": Axis("pixels seen", compact),
    "peak_memory_bytes": Axis("peak memory", memory),
}
"""Key of a row to its axis."""


def cost_chart(
    contestants: Sequence[Contestant], protocol: str, measure: Measure, title: str, key: str
) -> Markup | None:
    """A protocol's number against one of ``COSTS``; None where fewer than two costs are known."""
    points = [
        (contestant, cost, measure.scaled(mean))
        for contestant in contestants
        if (mean := contestant.mean(protocol)) is not None
        and (cost := contestant.average(key)) is not None
        and cost > 0
    ]
    if len({cost for _, cost, _ in points}) < 2:
        return None
    width, height = SIZE[0], SIZE[1] + 20
    costs = [cost for _, cost, _ in points]
    wide = max(costs) > WIDE * min(costs)
    x = replace(COSTS[key], logarithmic=wide)
    x = replace(x, caption=x.caption + (", logarithmic" if wide else ""))
    low, high = (min(costs) / 1.6, max(costs) * 1.6) if wide else (0.0, max(costs) * 1.12)
    across = Scale(low, high, LEFT, width - 12, logarithmic=wide)
    most = 100.0 if measure.share else None
    y = Axis(f"{title}{measure.unit}", lambda value: f"{value:g}", most=most)
    up = y.scale([value for _, _, value in points], height - BOTTOM, TOP + 22, rounded=True)
    parts = [*frame(across, up, x, y), *_named_points(points, across, up, width)]
    said = ", ".join(
        f"{full_title(c.name)} {value:.3g} at {x.written(cost)}" for c, cost, value in points
    )
    if len(points) > CROWD:
        parts = [element("g", *parts, class_="crowd")]
    return drawing(width, height, f"{y.caption} beside {x.caption}: {said}", parts)


def written_costs(contestant: Contestant) -> dict[str, str]:
    """Each of ``COSTS`` of a contestant, as it stands in a table."""
    return {
        key: axis.written(value) if (value := contestant.average(key)) else ABSENT
        for key, axis in COSTS.items()
    }


def _named_points(
    points: Sequence[tuple[Contestant, float, float]], across: Scale, up: Scale, width: float
) -> list[Markup]:
    """Marks with their names beside them, to the left where the right edge is near; a thread leads to a
    name that had to move."""
    places = [(across(cost), up(value)) for _, cost, value in points]
    names = [_cut(full_title(contestant.name)) for contestant, _, _ in points]
    sides = [
        -1 if x + 12 + LETTER * len(name) > width else 1
        for name, (x, _) in zip(names, places, strict=True)
    ]
    heights = [y for _, y in places]
    for side in (-1, 1):
        own = [i for i, each in enumerate(sides) if each == side]
        moved = kept_apart([heights[i] for i in own], 15, up.end, up.start)
        for i, height in zip(own, moved, strict=True):
            heights[i] = height
    drawn = []
    for (contestant, _, _), (x, y), name, side, height in zip(
        points, places, names, sides, heights, strict=True
    ):
        end = " end" if side < 0 else ""
        parts = [
            marker(contestant.shape, x, y, 5.5, class_="hollow" if contestant.baseline else "seed"),
            element("text", name, x=x + 11 * side, y=height + 4.5, class_=f"label halo{end}"),
        ]
        if abs(height - y) > 8:
            thread = element("line", x1=x, y1=y, x2=x + 9 * side, y2=height, class_="thread")
            parts.insert(0, thread)
        ink = f"--ink: var({contestant.ink})"
        drawn.append(element("g", *parts, class_="series", style=ink, data_place=contestant.place))
    return drawn


def _cut(name: str) -> str:
    return name if len(name) <= MOST else name[: MOST - 1] + "…"
