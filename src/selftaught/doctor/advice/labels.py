"""What the balance of classes means."""

from collections.abc import Iterator
from typing import Any

from selftaught.doctor.advice.sentences import Advice
from selftaught.errors import counted

IMBALANCE = 10

LEAST_OF_A_CLASS = 10


def classes(content: dict[str, Any]) -> Iterator[Advice]:
    """Classes that are uneven, tiny, or missing from a side."""
    classes = content["classes"]
    if classes is None:
        return
    counts = dict(zip(classes["names"], classes["pictures"], strict=True))
    smallest, largest = min(counts, key=lambda k: counts[k]), max(counts, key=lambda k: counts[k])
    if classes["largest_to_smallest"] >= IMBALANCE:
        yield Advice(
            "warning",
            "classes",
            f"The classes are uneven: {counts[largest]:,} of '{largest}' and {counts[smallest]:,} of "
            f"'{smallest}'. "
            "Accuracy will speak of the large ones; read the worst class beside it.",
        )
    few = [name for name, count in counts.items() if count < LEAST_OF_A_CLASS]
    if few:
        yield Advice(
            "warning",
            "classes",
            f"{counted(len(few), 'class has', 'classes have')} fewer than {LEAST_OF_A_CLASS} pictures, "
            "such as "
            f"'{few[0]}' ({counts[few[0]]}): too few to judge them.",
        )
    for part in ("train", "validation", "test"):
        missing = [
            name
            for name, count in zip(classes["names"], classes["parts"].get(part, []), strict=False)
            if not count
        ]
        if missing:
            yield Advice(
                "warning",
                "classes",
                f"{counted(len(missing), 'class has', 'classes have')} no labelled picture in "
                f"{part}, such as "
                f"'{missing[0]}'.",
            )
    without = content["counts"]["pictures"] - content["counts"]["labelled"]
    unlabelled = content["counts"]["parts"].get("unlabelled", {}).get("pictures", 0)
    if without > unlabelled:
        yield Advice(
            "note",
            "classes",
            counted(without, "picture has", "pictures have")
            + " no label: encoders learn from them, probes do not.",
        )
