"""What a few labels let be said, and how little they know."""

from collections.abc import Sequence
from typing import Any

from selftaught.comparison.few_labels.ranking import able, beats
from selftaught.comparison.few_labels.readers import READERS
from selftaught.measures import ENOUGH
from selftaught.reports.wording import full_title, listing

READER = next(iter(READERS))
"""The reader by which contestants are told apart in words."""

CALLED = {"linear": "a linear classifier", "knn": "the nearest neighbours"}


def of(found: dict[str, Any], labels: int, classes: int) -> list[str]:
    """The sentences of a ranking, methods from better to worse.

    Args:
        found: of ``ranking.ranked``.
        labels: how many pictures have one.
        classes: how many there are.
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
    told = [each for each in differences if each["gap"] is not None]
    said.append(_how(found, told, labels))
    return said


def _told(
    line: dict[str, Any], lines: Sequence[dict[str, Any]], differences: Sequence[dict[str, Any]]
) -> str:
    own = line["contestant"]
    gaps = {
        ({d["ours"], d["theirs"]} - {own}).pop(): d["gap"]
        for d in differences
        if own in (d["ours"], d["theirs"])
    }
    against = [other["contestant"] for other in lines if other["contestant"] in gaps]
    few = [full_title(other) for other in against if gaps[other] is None]
    beaten = [full_title(other) for other in against if beats(own, other, differences)]
    ahead = [full_title(other) for other in against if beats(other, own, differences)]
    settled = (*few, *beaten, *ahead)
    open_ = [full_title(other) for other in against if full_title(other) not in settled]
    parts = [
        f"beats {listing(beaten)}" if beaten else "",
        f"stays behind {listing(ahead)}" if ahead else "",
        f"cannot be told apart from {listing(open_)}" if open_ else "",
        f"cannot be compared with {listing(few)}, where one of the two has under three finished seeds"
        if few
        else "",
    ]
    mean, (low, high) = line["results"][READER]["mean"], line["results"][READER]["interval"]
    end = (
        ", ".join(part for part in parts if part)
        or "stands alone: there is nobody to compare it with"
    )
    span = f"{100 * mean:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
    return f"{full_title(own)}, {span} by {CALLED[READER]}: {end}."


def _how(found: dict[str, Any], differences: Sequence[dict[str, Any]], labels: int) -> str:
    several = any(len(line["values"][READER]) > 1 for line in found["summary"])
    grouped = found["groups"] < labels
    drawn = f"{found['groups']} groups of labelled pictures" if grouped else "labelled pictures"
    together = f"seeds and {drawn} together" if several else drawn
    count = max(
        (sum(d["encoder"] == other["encoder"] for d in differences) for other in differences),
        default=0,
    )
    text = f"Intervals hold 95 %, by a bootstrap over {together} in which everything is learnt anew"
    if grouped:
        text += "; a picture is judged by those of other groups"
    if count > 1:
        text += f"; who beats whom is corrected for {count} comparisons (Holm)"
    seeds = found["seeds"]
    if 0 < seeds < ENOUGH:
        runs = "one seed" if seeds == 1 else f"{seeds} seeds"
        text += (
            f". With {runs} this is about these encoders; their methods, trained again, may come out "
            "otherwise"
        )
    return text + "."
