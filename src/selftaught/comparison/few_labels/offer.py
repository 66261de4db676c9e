"""How a comparison of pictures without labels ends: with pictures to label, and what was labelled before."""

from collections.abc import Callable, Sequence
from typing import Any

from selftaught.comparison.entrants import Entrant, Plan
from selftaught.comparison.few_labels import rank, sheet
from selftaught.data import Splits
from selftaught.reports.folder import read_facts
from selftaught.runs import write_json


def kept(plan: Plan) -> dict[str, Any]:
    """What few labels said of the comparison that is there, under its key; empty where nobody gave any."""
    if plan.fresh or not (plan.directory / "comparison.json").is_file():
        return {}
    known = read_facts(plan.directory).get(rank.KEY)
    return {} if known is None else {rank.KEY: known}


def labels(
    plan: Plan,
    splits: Splits,
    finished: Sequence[Entrant],
    content: dict[str, Any],
    say: Callable[[str], None],
) -> None:
    """Write the sheet; where somebody gave labels before, rank all that have finished by them again."""
    runs = {
        entrant.contestant: (entrant.run, plan.directory / entrant.folder)
        for entrant in reversed(finished)
    }
    order = dict.fromkeys(entrant.contestant for entrant in finished)
    sheet.provide(plan.directory, splits, {name: runs[name] for name in order}, plan.to_label, say)
    if rank.KEY in content:
        content[rank.KEY] = rank.again(plan.directory, content["rows"], content[rank.KEY])
        write_json(plan.directory / "comparison.json", content)
