"""What a few labels let be said, and how little they know."""

from collections.abc import Sequence
from typing import Any

from selftaught.comparison.few_labels.ranking import able, beats
from selftaught.comparison.few_labels.readers import READERS
from selftaught.comparison.statistics import ENOUGH
from selftaught.reports.wording import full_title, listing

READER = next(iter(READERS))
"""The reader by which contestants are told apart in words."""

CALLED = {"linear": "a linear classifier", "knn": "the nearest neighbours"}


def of(found: dict[str, Any], labels: int, classes: int, seeds: int) -> list[str]:
    """The sentences of a ranking, methods from better to worse.

    Args:
        found: of ``ranking.ranked``.
        labels: how many pictures have one.
        classes: how many there are.
        seeds: how many each contestant was trained with, at most.
    """
    differences = [each for each in found["differences"] if each["reader"] == READER]
    lines = sorted(found["summary"], key=lambda line: -line["results"][READER]["mean"])
    said = [_told(line, lines, differences) for line in lines if able(line)]
    if READER in found["least"]:
        points = 100 * found["least"][READER]
        said.append(
            f"How little {labels} labels of {classes} classes know: a difference under about "
            f"{points:.0f} points cannot be told."
        )
    said.append(_how(differences, seeds))
    return said


def _told(
    line: dict[str, Any], lines: Sequence[dict[str, Any]], differences: Sequence[dict[str, Any]]
) -> str:
    own = line["contestant"]
    against = [
        other["contestant"]
        for other in lines
        if any({d["ours"], d["theirs"]} == {own, other["contestant"]} for d in differences)
    ]
    beaten = [full_title(other) for other in against if beats(own, other, differences)]
    ahead = [full_title(other) for other in against if beats(other, own, differences)]
    open_ = [full_title(other) for other in against if full_title(other) not in (*beaten, *ahead)]
    parts = [
        f"beats {listing(beaten)}" if beaten else "",
        f"stays behind {listing(ahead)}" if ahead else "",
        f"cannot be told apart from {listing(open_)}" if open_ else "",
    ]
    mean, (low, high) = line["results"][READER]["mean"], line["results"][READER]["interval"]
    end = (
        ", ".join(part for part in parts if part)
        or "stands alone: there is nobody to compare it with"
    )
    span = f"{100 * mean:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
    return f"{full_title(own)}, {span} by {CALLED[READER]}: {end}."


def _how(differences: Sequence[dict[str, Any]], seeds: int) -> str:
    together = "seeds and labelled pictures together" if seeds > 1 else "labelled pictures"
    count = max(
        (sum(d["encoder"] == other["encoder"] for d in differences) for other in differences),
        default=0,
    )
    text = f"Intervals hold 95 %, by a bootstrap over {together} in which everything is learnt anew"
    if count > 1:
        text += f"; who beats whom is corrected for {count} comparisons (Holm)"
    if seeds < ENOUGH:
        runs = "one seed" if seeds == 1 else f"{seeds} seeds"
        text += (
            f". With {runs} this is about these encoders; their methods, trained again, may come out "
            "otherwise"
        )
    return text + "."
