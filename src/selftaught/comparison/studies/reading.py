"""Rows to answers: each contestant against its rival, in one sentence an aspect.

The intervals are Welch's, over seeds alone: they say what other seeds would have given on these test pictures,
not what other pictures would have. A study asks much at once, and of twenty differences that are none one
looks like one; so ``yes`` and ``no`` are said where the difference holds after Holm's correction for all of
the study's, and ``note`` says both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from statistics import fmean
from typing import Any

from selftaught.comparison import statistics
from selftaught.comparison.studies.asking import speaks_of
from selftaught.comparison.studies.study import BEYOND, Answer, Asked, Aspect, Row, Study, Values
from selftaught.measures import ENOUGH, SURE
from selftaught.reports.wording import full_title

OPEN = "cannot be told"
"""The answer that is neither ``yes`` nor ``no``."""

Terms = Sequence[tuple[float, Values]]
"""A weighted sum of means over seeds: one mean, or a gain from a smaller to a larger."""


def against_rivals(study: Study, asked: Asked, rows: Sequence[Row], chance: float) -> list[Answer]:
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
            found.append(Answer(aspect, findings, place))
    return found


def finding(contestant: str, ours: Terms, theirs: Terms) -> dict[str, Any]:
    """What the numbers of one contestant and of its rival say.

    Returns:
        Both sums (None where a run has no number, or one that is ``BEYOND``, and ``runs`` counts them); from
        three seeds on their difference, its 95 % interval, the probability that ours is larger and the
        two-sided p, by Welch's t, and the answer as if nothing else had been asked: ``yes``, ``no`` or
        ``cannot be told``. See ``corrected``.
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
        "p": None,
        "p_corrected": None,
        "corrected_for": None,
        "answer": None,
    }
    if found["seeds"] < ENOUGH:
        return found
    if found["ours"] is None or found["theirs"] is None:
        return found | {"answer": OPEN}
    parts = [(weight, _known(values)) for weight, values in ours]
    parts += [(-weight, _known(values)) for weight, values in theirs]
    between = statistics.contrast(parts)
    found |= {
        "difference": between.gap,
        "interval": [between.low, between.high],
        "probability": between.probability,
        "p": between.p,
    }
    return found | _answer(between.gap, between.p, 1)


def corrected(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings of one study, answered by p-values that are corrected for all that have one (Holm)."""
    from selftaught.comparison.bootstrap import holm

    told = [each for each in findings if each["p"] is not None]
    after = iter(holm([each["p"] for each in told]))
    return [
        each if each["p"] is None else each | _answer(each["difference"], next(after), len(told))
        for each in findings
    ]


def _answer(difference: float, p: float, count: int) -> dict[str, Any]:
    word = OPEN if p >= SURE else "yes" if difference > 0 else "no"
    return {"p_corrected": p, "corrected_for": count, "answer": word}


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


def written(answers: Sequence[Answer]) -> dict[str, Any]:
    """All answers of a study as comparison.json has them, and the ``note`` on what they rest on."""
    findings = iter(corrected([each for answer in answers for each in answer.findings]))
    settled = [
        replace(each, findings=list(islice(findings, len(each.findings)))) for each in answers
    ]
    return {"answers": [_written(each) for each in settled], "note": note(settled)}


def _written(answer: Answer) -> dict[str, Any]:
    aspect = answer.aspect
    return {
        "question": aspect.question + answer.place,
        "number": aspect.number,
        "protocol": aspect.protocol,
        "rival": aspect.rival,
        "findings": answer.findings,
        "sentence": sentence(aspect, answer.findings, answer.place) + answer.remark,
    }


def note(answers: Sequence[Answer]) -> str | None:
    """What the intervals hold, and for how many findings the answers are corrected; None without any."""
    counts = [each["corrected_for"] for answer in answers for each in answer.findings]
    count = next((each for each in counts if each), 0)
    if not count:
        return None
    said = "Intervals and answers: Welch's t over seeds alone, so the luck of the test pictures is not in them."
    return f"{said} Yes and no are corrected for {count} findings (Holm)." if count > 1 else said


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
    counted = (
        f" once {finding['corrected_for']} findings are counted"
        if finding["p"] < SURE <= finding["p_corrected"]
        else ""
    )
    return f"{name}: {finding['answer']}{counted}, {both}, {gap} ({low} to {high})"


def _lacking(aspect: Aspect, whose: str, runs: Mapping[str, int]) -> str:
    """Why somebody's seeds have no mean."""
    finished, beyond, without = runs["finished"], runs["beyond"], runs["without"]
    of = f"of {finished} seeds of {whose}"
    has = "has" if without == 1 else "have"
    parts = [f"{beyond} {of} {aspect.beyond}"] if beyond else []
    parts += [f"{without} {of} {has} no such number"] if 0 < without < finished else []
    # Of a gain one of the two sizes may have no run at all, and the other all of them.
    return " and ".join(parts) or f"{whose} has no such number"
