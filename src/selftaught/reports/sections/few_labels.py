"""What few labels let be said: a ranking with intervals as wide as so few leave them."""

from typing import Any

from selftaught.measures import ACCURACY
from selftaught.reports import few_labels
from selftaught.reports.contestants import Comparison
from selftaught.reports.drawing import Scale, rounded_range
from selftaught.reports.ranking import written
from selftaught.reports.sections.section import Section, fill
from selftaught.reports.wording import short


def section(comparison: Comparison) -> Section | None:
    """A list for each reader, and the sentences; absent where nobody has labelled anything."""
    found = comparison.facts.get("few_labels")
    if not isinstance(found, dict):
        return None
    ladders = [_ladder(comparison, found, reader) for reader in few_labels.names(found)]
    if not ladders:
        return None
    body = fill(
        "few_labels.html",
        ladders=ladders,
        found=found,
        encoders=len({c.encoder for c in comparison.methods}) > 1,
    )
    return Section("ranking", "Ranking", body)


def _ladder(comparison: Comparison, found: dict[str, Any], reader: str) -> dict[str, Any]:
    known = {contestant.name: contestant for contestant in comparison.contestants}
    lines = [line for line in found["summary"] if line["contestant"] in known]
    lines.sort(key=lambda line: -line["results"][reader]["mean"])
    ends = [100 * end for line in lines for end in line["results"][reader]["interval"]]
    values = [100 * value for line in lines for value in line["values"][reader]]
    low, high = rounded_range([*ends, *values], about=5)
    scale = Scale(max(0.0, low), min(100.0, high), 0.0, 100.0)
    return {
        "protocol": short(reader),
        "ticks": [(scale(tick), f"{tick:g}") for tick in scale.ticks(5)],
        "rungs": [
            {
                "contestant": (contestant := known[line["contestant"]]),
                "rank": written(line["ranks"].get(reader)),
                "text": ACCURACY.text(line["results"][reader]["mean"]),
                "at": scale(100 * line["results"][reader]["mean"]),
                "seeds": [scale(100 * value) for value in line["values"][reader]],
                "interval": [scale(100 * end) for end in line["results"][reader]["interval"]],
                "said": few_labels.spread(line, reader),
                "note": "baseline" if contestant.baseline else "",
                "encoder": contestant.encoder,
            }
            for line in lines
        ],
    }
