"""What time and memory mean."""

from collections.abc import Iterator
from typing import Any

from selftaught.doctor.advice.sentences import Advice
from selftaught.reports.checkup_words import in_one_unit
from selftaught.reports.wording import memory

LONG, PATIENCE = 24 * 3600.0, 3600.0
"""Seconds: of a run that is too long anywhere, and of one for which a CPU has a recipe of its own."""


def cost(content: dict[str, Any]) -> Iterator[Advice]:
    """Memory that is not there, days, and hours that a smaller recipe would spare."""
    for each in content["costs"]:
        room, needed = each["available_memory"], each["memory_bytes"]
        if room is not None and needed is not None and needed > room:
            yield Advice(
                "trouble",
                "cost",
                f"{each['method']} with batch={each['batch']} needs about {memory(needed)}, and "
                f"{memory(room)} are free "
                f"on {each['device']}: give a smaller batch, or a smaller encoder.",
            )
        total = each["seconds"] + each["looks"]["seconds"]
        plan = next(plan for plan in content["choices"] if plan["method"] == each["method"])
        spared = each["device"] == "cpu" and content["files"] and not plan["recipe"]
        where = "this CPU" if spared else each["device"]
        remedy = "give fewer epochs, a smaller encoder, smaller views, or a GPU."
        if spared:
            remedy = "--recipe folder-cpu has a smaller network and shorter steps, for minutes."
        if total > (PATIENCE if spared else LONG):
            yield Advice(
                "warning" if total > LONG else "note",
                "cost",
                f"{each['method']} would take about {' '.join(in_one_unit(total))} on {where}: {remedy}",
            )
