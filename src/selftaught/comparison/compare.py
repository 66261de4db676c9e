"""Plan a comparison without torch, then carry it out run by run; what is there already is reused."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selftaught import catalogue, config, judging, trackers
from selftaught.comparison import few_labels, studies
from selftaught.comparison.entrants import Entrant, Plan
from selftaught.errors import Refusal
from selftaught.runs import RunFolder, held, move_aside, write_json

if TYPE_CHECKING:
    from selftaught.data import Splits

BASELINES = ("untrained", "pixels", "random_patches", "supervised")
"""They stand in every comparison unless it is asked otherwise."""


GIVEN_OTHERWISE = {"seed": "--seeds N (seeds 0 to N-1)", "final": "--split"}
"""Keys of a run that a comparison sets, and the option that says so."""


def plan(
    contestants: Sequence[str],
    *,
    out: Path,
    seeds: int = 1,
    split: Literal["validation", "test"] = "test",
    baselines: Sequence[str] | None = None,
    protocols: Sequence[str] = ("knn", "linear"),
    changes: judging.Changes = judging.NOTHING,
    overrides: dict[str, Any] | None = None,
    fresh: bool = False,
    jobs: int = 1,
    study: str | None = None,
    encoders: Sequence[str] = (),
    to_label: int = few_labels.USUAL,
) -> Plan:
    """Resolve every contestant and every seed; nothing is written and torch is not imported.

    Args:
        contestants: methods, each with its own overrides if it has any: ``byol:momentum=0,0``.
        out: the directory of the comparison.
        seeds: N runs seeds 0 to N - 1.
        split: ``test`` pretrains on validation's pictures too and reads test once a run; ``validation``
            holds them back, for choices.
        baselines: contestants that are added where they are missing; None takes ``BASELINES``, or for a study
            none but those that it needs.
        protocols: how every run is judged; ``all`` is every protocol that the data can carry.
        changes: protocol to those of its parameters that differ from the published ones.
        overrides: what holds for all contestants; a contestant's own win.
        fresh: move an older comparison aside.
        jobs: how many runs go on at once, each in a process with its share of the cores.
        study: a question that the runs are to answer: it adds the contestants and protocols that it needs.
        encoders: the sizes for a study that compares some, the smaller first.
        to_label: pictures on the sheet that is written where none has a label.

    Raises:
        Refusal: an unknown method, protocol, study or key, a value out of range, or a folder that holds other
            runs.
    """
    _check_numbers(seeds, jobs, to_label)
    asked = studies.ask(study, contestants, encoders, overrides or {})
    if asked is not None:
        needed = studies.runs(asked, protocols, changes, baselines or ())
        contestants, baselines = needed.contestants, needed.baselines
        protocols, changes = needed.protocols, needed.changes
    elif baselines is None:
        baselines = BASELINES
    judged = judging.resolve(protocols, changes)
    _check_judged_alike(contestants)
    wanted = list(dict.fromkeys([*contestants, *(b for b in baselines if b not in contestants)]))
    if "untrained" in baselines:
        wanted += _untrained_beside(wanted, overrides or {})
    entrants = []
    for text in wanted:
        name, own = config.contestant(text)
        for key in (key for key in (*own, *(overrides or {})) if key in GIVEN_OTHERWISE):
            raise Refusal(f"'{key}' is the comparison's own; give {GIVEN_OTHERWISE[key]} instead.")
        seeded = catalogue.entry(name).seeded
        for seed in range(seeds) if seeded else (0,):
            fixed = {"seed": seed, "final": split == "test"}
            run = config.resolve(name, overrides or {}, own, fixed)
            place = Path(_folder_name(text)) / (f"seed-{seed}" if seeded else "every-seed")
            entrants.append(
                Entrant(text, seed if seeded else None, run, place, asked=text in contestants)
            )
    names = {_folder_name(text): text for text in wanted}
    if len(names) < len(wanted):
        raise Refusal("Two contestants would share a folder; write each of them only once.")
    if not fresh:
        for entrant in entrants:
            folder = RunFolder(out / entrant.folder)
            differing = config.differences(entrant.run, folder.run) if folder.exists() else []
            if differing:
                raise Refusal(
                    f"{folder.path} holds another run. It differs in {'; '.join(differing)}. "
                    "Choose another directory with --out, or move this one aside with --fresh."
                )
        if out.exists() and not out.is_dir():
            raise Refusal(f"{out} is a file; --out takes a directory.")
    numbers = tuple(range(seeds))
    lenient = catalogue.ALL in protocols
    return Plan(out, tuple(entrants), split, numbers, judged, fresh, lenient, jobs, asked, to_label)


def _check_numbers(seeds: int, jobs: int, to_label: int) -> None:
    """Refuse counts that nothing can be done with."""
    if seeds < 1:
        raise Refusal(
            f"--seeds {seeds} runs nothing; give 1 or more (3 or more to claim anything)."
        )
    if jobs < 1:
        raise Refusal(f"--jobs {jobs} carries nothing out; give 1, or up to the number of cores.")
    if not few_labels.FEWEST <= to_label <= few_labels.MOST:
        raise Refusal(
            f"--to-label {to_label} is no size for a sheet; give {few_labels.FEWEST} to {few_labels.MOST}."
        )


def _check_judged_alike(contestants: Sequence[str]) -> None:
    """Refuse a contestant's own words about how it is to be judged."""
    for text in contestants:
        for key in config.contestant(text)[1]:
            if key.partition(".")[0] in catalogue.protocols():
                raise Refusal(
                    f"'{key}' would judge '{text}' otherwise than the others; give it for all of them: "
                    f"--set {key}=..."
                )


def _untrained_beside(wanted: Sequence[str], overrides: dict[str, Any]) -> list[str]:
    """``untrained`` for each further encoder among the contestants: gains are over the same network."""
    known = [config.resolve("untrained", overrides).encoder]
    found = []
    for text in wanted:
        name, own = config.contestant(text)
        mine = config.resolve(name, overrides, own).encoder
        if mine in known or catalogue.entry(name).baseline:
            continue
        differing = {k: v for k, v in mine if v != getattr(known[0], k)}
        found.append(
            "untrained:"
            + ";".join(f"encoder.{k}={'null' if v is None else v}" for k, v in differing.items())
        )
        known.append(mine)
    return [text for text in found if text not in wanted]


def _folder_name(contestant: str) -> str:
    return re.sub(r"[^\w.,=+-]+", "-", contestant)


def _title(entrant: Entrant, plan: Plan) -> str:
    """What a run is called on the screen; its seed is said where there are several."""
    several = len(plan.seeds) > 1 and entrant.seed is not None
    return entrant.contestant + (f" seed {entrant.seed}" if several else "")


def compare(plan: Plan, say: Callable[[str], None] = lambda sentence: None) -> dict[str, Any]:
    """Carry the plan out; returns what is in ``comparison.json``.

    A contestant that fails keeps the others going; its row says why. ``plan.json`` names all runs before the
    first begins; every row is written as soon as it is known.

    Raises:
        Refusal: something does not fit together, or another process works there; nothing was written.
        Interrupted: a signal asked to stop; everything is saved.
    """
    from selftaught.comparison import table
    from selftaught.evaluation import check, unsuited
    from selftaught.reports.rows import sees_labels
    from selftaught.training import prepare

    splits = prepare(plan.entrants[0].run).splits
    labelled = splits.train.labels is not None
    entrants = [e for e in plan.entrants if labelled or e.asked or not sees_labels(e.run)]
    for entrant in entrants[1:]:
        prepare(entrant.run)
    for note in (*splits.notes, *([cost] if (cost := table.cost(plan)) else [])):
        say(note)
    protocols, split = dict(plan.protocols), plan.split
    if not labelled:
        _say_that_labels_are_missing(plan, splits.name, entrants, say)
        protocols, split = _without_labels(protocols), "validation"
        plan = replace(plan, protocols=protocols, split=split)
    if plan.lenient:
        for name, reason in unsuited(splits, split, protocols).items():
            say(f"{name} is left out: {reason}")
            del protocols[name]
    check(splits, split, protocols)
    if plan.fresh:
        move_aside(plan.directory)
    plan.directory.mkdir(parents=True, exist_ok=True)
    with held(plan.directory):
        return _carry_out(replace(plan, protocols=protocols), splits, entrants, say)


def _carry_out(
    plan: Plan, splits: "Splits", entrants: Sequence[Entrant], say: Callable[[str], None]
) -> dict[str, Any]:
    """All runs, the table and the page, in a directory that nobody else writes to."""
    from selftaught.comparison import atlas, jobs, similarity, table
    from selftaught.comparison.few_labels import offer
    from selftaught.reports.page import write_report

    labelled, split, protocols = splits.train.labels is not None, plan.split, dict(plan.protocols)
    wanted = [
        jobs.Job(
            entrant.run,
            plan.directory / entrant.folder,
            split,
            protocols,
            title=_title(entrant, plan),
        )
        for entrant in entrants
    ]
    write_json(plan.directory / "plan.json", table.planned(plan, splits, entrants))
    kept = {} if labelled else offer.kept(plan)
    rows: dict[int, dict[str, Any]] = {}
    content: dict[str, Any] = {}
    with trackers.following([job.folder for job in wanted], plan.trackers, say):
        for place, ended in jobs.carry_out(wanted, plan.jobs):
            rows[place] = row = table.filled(entrants[place], ended, split, protocols)
            said = f": {table.scores(row)}" if ended.error is None else f" failed: {ended.error}"
            say(wanted[place].title + said + " (was there)" * ended.known)
            content = table.content(plan, splits, [rows[known] for known in sorted(rows)]) | kept
            write_json(plan.directory / "comparison.json", content)
    content["similarity"] = similarity.between(plan.directory, content["rows"], split)
    write_json(plan.directory / "comparison.json", content)
    if labelled:
        atlas.write(plan.directory, splits, split)
    else:
        good = [place for place in sorted(rows) if rows[place]["error"] is None]
        offer.labels(plan, splits, [entrants[place] for place in good], content, say)
    write_report(plan.directory)
    return content


def _say_that_labels_are_missing(
    plan: Plan, name: str, entrants: Sequence[Entrant], say: Callable[[str], None]
) -> None:
    """What that means, and who is left out.

    Raises:
        Refusal: a study was asked for, which needs labels.
    """
    if plan.study is not None:
        raise Refusal(
            f"{name} has no labels, and the study '{plan.study.name}' compares with supervised training; "
            "give labelled pictures."
        )
    say(f"{name} has no labels: encoders are trained and looked at, but not ranked.")
    spared = dict.fromkeys(e.contestant for e in plan.entrants if e not in entrants)
    if spared:
        names = ", ".join(spared)
        say(f"Left out, because they learn from labels: {names}; runs: {len(entrants)}.")


def _without_labels(protocols: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those of the protocols that need no labels; where none of them is among these, the spectrum."""
    found = {n: values for n, values in protocols.items() if not catalogue.protocol(n).labels}
    return found or judging.resolve(["spectrum"])
