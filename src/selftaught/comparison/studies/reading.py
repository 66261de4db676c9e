"""Rows to answers: each contestant against its rival, in one sentence an aspect."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from selftaught.comparison import statistics
from selftaught.comparison.statistics import ENOUGH
from selftaught.comparison.studies.asking import speaks_of
from selftaught.comparison.studies.study import BEYOND, Asked, Aspect, Row, Study, Values
from selftaught.reports.wording import full_title

OPEN = "cannot be told"
"""The answer that is neither ``yes`` nor ``no``."""

Terms = Sequence[tuple[float, Values]]
"""A weighted sum of means over seeds: one mean, or a gain from a smaller to a larger."""


def against_rivals(
    study: Study, asked: Asked, rows: Sequence[Row], chance: float
) -> list[dict[str, Any]]:
    """One answer for each aspect and encoder: every contestant against the rival on the same encoder."""
    mine = [r for r in rows if r["contestant"] in asked.contestants and speaks_of(r["contestant"])]
    encoders = list(dict.fromkeys(row["encoder"] for row in mine))
    found = []
    for aspect in study.aspects:
        for encoder in encoders:
            own = [row for row in rows if row["encoder"] == encoder]
            theirs = aspect.rivals(own, chance)
            findings = [
                finding(
                    contestant, [(1.0, aspect.values(contestant, own, chance))], [(1.0, theirs)]
                )
                for contestant in dict.fromkeys(
                    row["contestant"] for row in mine if row["encoder"] == encoder
                )
            ]
            place = f" on {encoder}" if len(encoders) > 1 else ""
            found.append(answered(aspect, findings, place))
    return found


def finding(contestant: str, ours: Terms, theirs: Terms) -> dict[str, Any]:
    """What the numbers of one contestant and of its rival say.

    Returns:
        Both sums (None where a run has no number, or one that is ``BEYOND``, and ``runs`` counts them); from
        three seeds on their difference, its 95 % interval and the probability that ours is larger, by Welch's
        t, and the answer: ``yes``, ``no`` or ``cannot be told``.
    """
    found: dict[str, Any] = {
        "contestant": contestant,
        "seeds": min(len(values) for _, values in [*ours, *theirs]),
        "runs": {"ours": _counted(ours), "theirs": _counted(theirs)},
        "ours": _sum(ours),
        "theirs": _sum(theirs),
        "difference": None,
        "interval": None,
        "probability": None,
        "answer": None,
    }
    if found["seeds"] < ENOUGH:
        return found
    if found["ours"] is None or found["theirs"] is None:
        return found | {"answer": OPEN}
    parts = [(weight, _known(values)) for weight, values in ours]
    parts += [(-weight, _known(values)) for weight, values in theirs]
    between = statistics.contrast(parts)
    return found | {
        "difference": between.gap,
        "interval": [between.low, between.high],
        "probability": between.probability,
        "answer": "yes" if between.low > 0 else "no" if between.high < 0 else OPEN,
    }


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None and value != BEYOND]


def _sum(terms: Terms) -> float | None:
    """None where any seed's number is not known; see ``Aspect.values``."""
    whole = all(values and len(_known(values)) == len(values) for _, values in terms)
    return sum(weight * fmean(_known(values)) for weight, values in terms) if whole else None


def _counted(terms: Terms) -> dict[str, int]:
    """Runs that finished, those of them whose number is ``BEYOND``, and those that have none."""
    every = [value for _, values in terms for value in values]
    return {"finished": len(every), "beyond": every.count(BEYOND), "without": every.count(None)}


def answered(
    aspect: Aspect, findings: Sequence[Mapping[str, Any]], place: str = "", remark: str = ""
) -> dict[str, Any]:
    """An answer as comparison.json has it."""
    return {
        "question": aspect.question + place,
        "number": aspect.number,
        "protocol": aspect.protocol,
        "rival": aspect.rival,
        "findings": list(findings),
        "sentence": sentence(aspect, findings, place) + remark,
    }


def sentence(aspect: Aspect, findings: Sequence[Mapping[str, Any]], place: str = "") -> str:
    """The answer: with intervals from three seeds on; below, both values and no claim."""
    asked = f"{aspect.question[0].upper()}{aspect.question[1:]}{place}? "
    said = asked + "; ".join(_part(aspect, each) for each in findings)
    if any(each["interval"] for each in findings):
        return f"{said} ({aspect.number}; the difference with its 95 % interval)."
    few = any(0 < each["seeds"] < ENOUGH for each in findings)
    return f"{said} ({aspect.number})." + (" Under three seeds no claim is made." if few else "")


def _part(aspect: Aspect, finding: Mapping[str, Any]) -> str:
    name, ours, theirs = full_title(finding["contestant"]), finding["ours"], finding["theirs"]
    if ours is None or theirs is None:
        sides = (("ours", name), ("theirs", full_title(aspect.rival)))
        reasons = [
            _lacking(aspect, whose, finding["runs"][side])
            for side, whose in sides
            if finding[side] is None
        ]
        return f"{name}: {OPEN}, because {' and '.join(reasons)}"
    both = f"{aspect.text(ours)} against {aspect.text(theirs)}"
    if finding["answer"] is None:
        return f"{name} {both}"
    low, high = (aspect.text(end, "+") for end in finding["interval"])
    gap = aspect.text(finding["difference"], "+")
    return f"{name}: {finding['answer']}, {both}, {gap} ({low} to {high})"


def _lacking(aspect: Aspect, whose: str, runs: Mapping[str, int]) -> str:
    """Why somebody's seeds have no mean."""
    finished, beyond, without = runs["finished"], runs["beyond"], runs["without"]
    of = f"of {finished} seeds of {whose}"
    has = "has" if without == 1 else "have"
    parts = [f"{beyond} {of} {aspect.beyond}"] if beyond else []
    parts += [f"{without} {of} {has} no such number"] if 0 < without < finished else []
    # Of a gain one of the two sizes may have no run at all, and the other all of them.
    return " and ".join(parts) or f"{whose} has no such number"
