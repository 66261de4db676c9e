"""The singular spectrum of each encoder: how many directions its features use."""

from markupsafe import Markup

from selftaught.reports import drawn_curves, singular
from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.lines import Axis, Line, line_chart
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.sections.tiles import placed
from selftaught.reports.wording import ABSENT, compact, full_title

PROTOCOL = "spectrum"


def section(comparison: Comparison) -> Section | None:
    """From the protocol ``spectrum`` where it was run, from the atlas' features otherwise."""
    read = _from_protocol(comparison)
    if read is not None:
        return read
    atlas, found = comparison.atlas, placed(comparison)
    if atlas is None or not found:
        return None
    lines, rows = [], []
    for contestant, _, features in found:
        values = singular.singular_values(features)
        lines.append(
            Line(
                full_title(contestant.name),
                contestant.ink,
                singular.points(values),
                dash=contestant.dash,
                place=contestant.place,
            )
        )
        rows.append((contestant, [str(features.shape[1]), str(singular.directions(values))]))
    x = Axis("direction, logarithmic", compact, logarithmic=True)
    chart = line_chart(lines, x, Axis("singular value, of the first", compact, logarithmic=True))
    if chart is None:
        return None
    columns = ["dimensions", "hold 90 % of variance"]
    return _filled([("", chart)], columns, rows, f"{len(atlas.labels):,} pictures of the atlas")


def _from_protocol(comparison: Comparison) -> Section | None:
    charts = []
    for name in drawn_curves.names(comparison, PROTOCOL):
        pairs = [
            (c, curve)
            for c in comparison.contestants
            if (curve := drawn_curves.averaged(c, PROTOCOL, name)) is not None
        ]
        if (chart := drawn_curves.chart(pairs, logarithmic=True)) is not None:
            charts.append((name.replace("_", " "), chart))
    if not charts:
        return None
    scores = drawn_curves.scores(comparison, PROTOCOL)
    rows = [
        (c, [_number(drawn_curves.score(c, PROTOCOL, key)) for key in scores])
        for c in comparison.contestants
        if c.values(PROTOCOL)
    ]
    columns = [key.replace("_", " ") for key in scores]
    return _filled(charts, columns, rows, "the pictures that the protocol read")


def _filled(
    charts: list[tuple[str, Markup]],
    columns: list[str],
    rows: list[tuple[Contestant, list[str]]],
    of: str,
) -> Section:
    body = fill("spectra.html", charts=charts, columns=columns, rows=rows, of=of)
    return Section("spectrum", "Spectrum", body)


def _number(value: float | None) -> str:
    return ABSENT if value is None else compact(value)
