"""What copies, near-duplicates and large groups mean."""

from collections.abc import Iterator
from typing import Any

from selftaught.doctor.advice.sentences import Advice, percent
from selftaught.errors import counted

LEAK = 0.01
"""From this share of test on, a leak is trouble: differences between methods are often no larger than a
point."""

FAINT_LEAK = 0.002
"""Below it, and without copies, a leak changes no result that one can see."""

COPIES = 0.01
"""From this share on, copies weigh on what is learnt."""

NEAR = 0.05
"""From this share on, near-duplicates within a side are no accident: frames, or one object many times."""

UNIFORM = 0.25
"""From this share of near-duplicates on, the pictures may be of one kind instead of one shot: look at
the pairs."""


def leaks(content: dict[str, Any]) -> Iterator[Advice]:
    """Pictures of one side of the division on another, and pictures with two labels."""
    remedy = (
        " Put each picture and its like into one group: --out DIR writes such a groups.csv, for data.labels."
        if content["files"] is not None
        else ""
    )
    for leak in content["duplicates"]["between"]:
        both = leak["copies"] + leak["near"]
        if not both:
            continue
        kinds = ((leak["copies"], "copies"), (leak["near"], "near-duplicates"))
        shares = ", ".join(f"{count:,} {kind}" for count, kind in kinds if count)
        learnt = leak["in"] != "validation"
        uniform = leak["near"] / leak["pictures"] > UNIFORM
        text = (
            f"{percent(leak['share'])} of the {leak['of']} pictures ({shares}, of "
            f"{leak['pictures']:,}) are in {leak['in']} "
            f"too{': the accuracy will flatter' if learnt else ''}."
        )
        if uniform:
            text += " So many may mean that the pictures are of one kind, not of one shot: look at the pairs."
        yield Advice(_gravity_of(leak, uniform=uniform), "leakage", text + remedy)
    for word, found in content["duplicates"]["other_label"].items():
        if found["pairs"]:
            first = found["examples"][0]
            what = "copies of one picture" if word == "copies" else "near-duplicates"
            pairs = counted(found["pairs"], "pair")
            yield Advice(
                "warning" if word == "copies" else "note",
                "labels",
                f"{pairs} of {what} have two labels, such as {first['picture']} ({first['label']}) and "
                f"{first['twin']} ({first['other_label']}).",
            )


def _gravity_of(leak: dict[str, Any], *, uniform: bool) -> str:
    if leak["share"] < FAINT_LEAK and not leak["copies"]:
        return "note"
    return (
        "trouble" if leak["of"] == "test" and leak["share"] >= LEAK and not uniform else "warning"
    )


def copies(content: dict[str, Any]) -> Iterator[Advice]:
    """Copies and families within a side, and groups that cannot be divided."""
    for part in content["duplicates"]["within"]:
        if part["copies"]:
            yield Advice(
                "warning" if part["copies"] >= COPIES * part["pictures"] else "note",
                "copies",
                f"{part['copies']:,} of {part['pictures']:,} {part['part']} pictures are copies of "
                "another: they count "
                "twice, and a contrastive loss pushes them apart.",
            )
        if part["near"] >= NEAR * part["pictures"] and part["near"] > 1:
            grouped = content["groups"] is not None
            yield Advice(
                "note",
                "copies",
                f"{percent(part['near'] / part['pictures'])} of the {part['part']} pictures have a "
                "near-duplicate among "
                f"them, in families of up to {part['largest_family']:,}: frames of videos, or one "
                "object from one "
                "place?"
                + ("" if grouped else " If so, name the groups in a column of data.labels."),
            )
    groups = content["groups"]
    if groups is not None and groups["largest"] > groups["pictures"] / 2:
        yield Advice(
            "warning",
            "groups",
            f"One group holds {groups['largest']:,} of {groups['pictures']:,} pictures, and a group "
            "is never divided: "
            "the division will be far from the shares that were asked for.",
        )
