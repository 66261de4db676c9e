"""Rows to answers: each contestant against its rival, in one sentence an aspect."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from selftaught.comparison import statistics
from selftaught.comparison.statistics import ENOUGH, Parts
from selftaught.comparison.studies.asking import speaks_of
from selftaught.comparison.studies.study import Asked, Aspect, Row, Study
from selftaught.reports.wording import full_title


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


def finding(contestant: str, ours: Parts, theirs: Parts) -> dict[str, Any]:
    """What the numbers of one contestant and of its rival say.

    Args:
        ours, theirs: weighted sums of means over seeds: one value, or a gain from a smaller to a larger.

    Returns:
        Both sums (None where a run has no number); from three seeds on their difference, its 95 % interval
        and the probability that ours is larger, by Welch's t, and the answer: ``yes``, ``no`` or ``cannot be
        told``.
    """
    found: dict[str, Any] = {
        "contestant": contestant,
        "seeds": min(len(values) for _, values in [*ours, *theirs]),
        "ours": _sum(ours),
        "theirs": _sum(theirs),
        "difference": None,
        "interval": None,
        "probability": None,
        "answer": None,
    }
    if found["seeds"] >= ENOUGH:
        against = [(-weight, values) for weight, values in theirs]
        between = statistics.contrast([*ours, *against])
        word = "yes" if between.low > 0 else "no" if between.high < 0 else "cannot be told"
        found |= {
            "difference": between.gap,
            "interval": [between.low, between.high],
            "probability": between.probability,
            "answer": word,
        }
    return found


def _sum(parts: Parts) -> float | None:
    known = all(values for _, values in parts)
    return sum(weight * fmean(values) for weight, values in parts) if known else None


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
    if any(each["answer"] for each in findings):
        return f"{said} ({aspect.number}; the difference with its 95 % interval)."
    known = any(each["seeds"] for each in findings)
    return f"{said} ({aspect.number})." + (" Under three seeds no claim is made." if known else "")


def _part(aspect: Aspect, finding: Mapping[str, Any]) -> str:
    name, ours, theirs = full_title(finding["contestant"]), finding["ours"], finding["theirs"]
    if ours is None or theirs is None:
        whose = name if ours is None else full_title(aspect.rival)
        return f"{name}: cannot be told, because {whose} has no such number"
    both = f"{aspect.text(ours)} against {aspect.text(theirs)}"
    if finding["answer"] is None:
        return f"{name} {both}"
    low, high = (aspect.text(end, "+") for end in finding["interval"])
    gap = aspect.text(finding["difference"], "+")
    return f"{name}: {finding['answer']}, {both}, {gap} ({low} to {high})"
