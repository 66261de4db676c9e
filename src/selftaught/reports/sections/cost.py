"""What each number cost: seconds, pictures, pixels, memory."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.scatter import COSTS, cost_chart, written_costs
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import column, protocol


def section(comparison: Comparison) -> Section | None:
    """The headline's number beside each cost; absent where fewer than two costs are known."""
    name = comparison.headline
    if name is None:
        return None
    measure = comparison.measure(name)
    title = f"{protocol(name)} {measure.written}"
    charts = [
        (COSTS[key].caption.capitalize(), chart)
        for key in COSTS
        if (chart := cost_chart(comparison.contestants, name, measure, title, key)) is not None
    ]
    if not charts:
        return None
    every = [(contestant, written_costs(contestant)) for contestant in comparison.contestants]
    known = [key for key in COSTS if any(any(c.isdigit() for c in e[key]) for _, e in every)]
    body = fill(
        "cost.html",
        charts=charts,
        columns=[f"{column(name, measure)}{measure.unit}", *(COSTS[key].caption for key in known)],
        rows=[
            (contestant, [measure.text(contestant.mean(name)), *(each[key] for key in known)])
            for contestant, each in every
        ],
    )
    return Section("cost", "Cost", body)
