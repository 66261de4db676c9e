"""What corruption, attacks and false labels cost: curves of the protocols that read them."""

from dataclasses import replace
from typing import Any

from selftaught.reports import drawn_curves
from selftaught.reports.contestants import Comparison, Contestant
from selftaught.reports.drawn_curves import Curve, Reading
from selftaught.reports.sections.protocol_curves import Drawn, heights, pairs
from selftaught.reports.sections.section import Section, fill

PROTOCOLS = ("robustness", "label_noise")

MANY = 4
"""Curves of one kind from which their mean is drawn too, and first."""

KINDS = {
    "strength": (
        "Corrupted pictures",
        "The pictures are corrupted in the ways of Hendrycks and Dietterich (2019), at growing strength.",
    ),
    "change": (
        "Attacks",
        "An adversary changes the pictures to mislead the probe; the axis is the largest change of a value.",
    ),
    "labels": ("False labels", "A share of the labels that the probe learns from is replaced."),
}
"""A word of the axis to a title and what is done; an axis without any stands under its own words."""


def section(comparison: Comparison) -> Section | None:
    """A part for each kind of curve, by what it stands against; absent where there are none."""
    kinds: dict[str, dict[str, tuple[str, list[tuple[Contestant, Curve]]]]] = {}
    for protocol in PROTOCOLS:
        for name in drawn_curves.names(comparison, protocol):
            found = pairs(comparison, protocol, name)
            if found:
                kinds.setdefault(found[0][1].across, {}).setdefault(name, (protocol, found))
    parts = [_part(comparison, across, curves) for across, curves in kinds.items()]
    if not parts:
        return None
    return Section("robustness", "Robustness", fill("robustness.html", parts=parts))


def _part(
    comparison: Comparison,
    across: str,
    curves: dict[str, tuple[str, list[tuple[Contestant, Curve]]]],
) -> dict[str, Any]:
    title, lead = next(
        (said for word, said in KINDS.items() if word in across), (across.capitalize(), "")
    )
    charts = [
        Drawn(name, name.replace("_", " "), chart)
        for name, (_, found) in curves.items()
        if (chart := drawn_curves.chart(found)) is not None
    ]
    if len(charts) > MANY and (chart := drawn_curves.chart(_mean(curves))) is not None:
        charts.insert(0, Drawn("mean", f"mean of {len(curves)}", chart))
    protocol = next(iter(curves.values()))[0]
    return {
        "anchor": f"robustness-{title.lower().replace(' ', '-')}",
        "title": title,
        "lead": lead,
        "charts": charts,
        "titles": [name.replace("_", " ") for name in curves],
        "rows": heights(comparison, protocol, list(curves)) if len(curves) > 1 else [],
    }


def _mean(
    curves: dict[str, tuple[str, list[tuple[Contestant, Curve]]]],
) -> list[tuple[Contestant, Curve]]:
    """Each contestant's mean over the curves, at the points that all of them have."""
    own: dict[int, tuple[Contestant, list[Curve]]] = {}
    for _, found in curves.values():
        for contestant, curve in found:
            own.setdefault(contestant.place, (contestant, []))[1].append(curve)
    means = []
    for contestant, each in own.values():
        at = [{x: y for x, y, *_ in curve.points} for curve in each]
        shared = sorted(set.intersection(*(set(points) for points in at)))
        points: list[Reading] = [(x, sum(p[x] for p in at) / len(at), None, None) for x in shared]
        if points:
            means.append((contestant, replace(each[0], points=points)))
    return means
