"""What each number cost: seconds, pictures, pixels, memory."""

from selftaught.reports.contestants import Comparison
from selftaught.reports.scatter import COSTS, cost_chart, written_costs
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import protocol, short


def section(comparison: Comparison) -> Section | None:
    """The headline's number beside each cost; absent where no cost is known."""
    every = [(contestant, written_costs(contestant)) for contestant in comparison.contestants]
    known = [key for key in COSTS if any(c.average(key) for c, _ in every)]
    if not known:
        return None
    name = comparison.headline
    charts, columns = [], [COSTS[key].caption for key in known]
    rows = [(contestant, [each[key] for key in known]) for contestant, each in every]
    if name is not None:
        measure = comparison.measure(name)
        title = f"{protocol(name)} {measure.written}"
        charts = [
            (COSTS[key].caption.capitalize(), chart)
            for key in known
            if (chart := cost_chart(comparison.contestants, name, measure, title, key)) is not None
        ]
        columns.insert(0, f"{short(name)}{measure.unit}")
        for contestant, cells in rows:
            cells.insert(0, measure.text(contestant.mean(name)))
    body = fill("cost.html", charts=charts, columns=columns, rows=rows)
    return Section("cost", "Cost", body)
