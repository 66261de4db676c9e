"""What Selftaught does, as functions; the command line says the same in other words.

Each checks all words first, says in one line what is about to happen, and only then imports torch.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selftaught import benchmarking, catalogue, comparison, config, judging, launcher, trackers
from selftaught.announcement import announce, likely_device
from selftaught.errors import Refusal
from selftaught.runs import RunFolder, held, write_atomically, write_json

if TYPE_CHECKING:
    from selftaught.inference import Embedder

Split = Literal["validation", "test"]
Say = Callable[[str], None]

PROTOCOLS = ("knn", "linear")


def _quiet(sentence: str) -> None:
    pass


def train(
    method: str,
    *,
    data: str = "shapes",
    seed: int = 0,
    out: str | Path | None = None,
    fresh: bool = False,
    log: str | Sequence[str] = (),
    say: Say = _quiet,
    **overrides: Any,
) -> Path:
    """Train one method on one set of pictures, or go on where that stopped.

    Started several times by a launcher (``torchrun``), the processes share each batch, and learn what one would
    from the whole of it; the first one writes, speaks and judges.

    Args:
        method: a name from ``selftaught methods``.
        data: a built-in set, or the path of a folder of pictures.
        seed: where every random choice begins.
        out: the run folder; None takes ``runs/DATA/METHOD[-hash]/seed-N``.
        fresh: move an existing run folder aside and begin anew.
        log: trackers that are told as well: ``tensorboard``, ``wandb``, ``mlflow``.
        say: is told, in sentences, what happens.
        overrides: anything of the configuration, with ``__`` for the dot: ``optimiser__rate=0.3``.

    Returns:
        The run folder.

    Raises:
        Refusal: the input cannot be used; nothing was written.
        RunFailed: the run broke; the same call goes on from the last checkpoint.
    """
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    names, first = trackers.check(log), launcher.place() == 0
    if not first:
        names, say = (), _quiet
    run = config.resolve(method, {"data": data, "seed": seed}, given)
    folder = Path(out) if out is not None else default_folder(run)
    known = RunFolder(folder)
    if known.exists() and not fresh:
        RunFolder.open(folder, run)  # refuses a run that differs, before anything heavy is loaded
    say(announce(run, folder, [run]))

    from selftaught.evaluation import check
    from selftaught.training import carry_out, prepare, together

    setup = prepare(run)
    for note in setup.splits.notes:
        say(note)
    split: Split | None = "validation" if setup.splits.train.labels is not None else None
    try:
        if split is not None:
            check(setup.splits, split)
    except Refusal as reason:
        say(f"{reason} The encoder is trained all the same.")
        split = None
    with ExitStack() as stack:
        with together(setup, folder, fresh=fresh) as own:
            # From here on: what was there is another run's, or in the way.
            stack.enter_context(trackers.following([folder], names, say))
            carry_out(setup, own, split=None)
        if first:  # the others are done, and need not wait for judging
            stack.enter_context(held(folder))
            carry_out(setup, RunFolder(folder), split=split, protocols=PROTOCOLS)
    return folder


def default_folder(run: config.Run) -> Path:
    """``runs/DATA/METHOD[-hash]/seed-N``; the hash stands for what differs from the plain recipe."""
    plain = config.resolve(run.method.name, {"data": run.data.name, "recipe": run.recipe})
    mark = config.fingerprint(run, beside=plain)
    name = run.method.name + (f"-{mark}" if mark else "")
    return Path("runs") / _short(run.data.name) / name / f"seed-{run.seed}"


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    """One name alone is a list of it."""
    return (names,) if isinstance(names, str) else names


def default_directory(data: str) -> Path:
    """``runs/compare-DATA``"""
    return Path("runs") / f"compare-{_short(data)}"


def _short(data: str) -> str:
    return Path(data).expanduser().resolve().name if config.is_path(data) else data


def compare(
    *contestants: str,
    data: str = "shapes",
    seeds: int = 1,
    out: str | Path | None = None,
    split: Split = "test",
    baselines: Sequence[str] | None = None,
    protocols: Sequence[str] = PROTOCOLS,
    fresh: bool = False,
    jobs: int = 1,
    study: str | None = None,
    encoders: Sequence[str] = (),
    to_label: int = 100,
    log: str | Sequence[str] = (),
    say: Say = _quiet,
    **overrides: Any,
) -> dict[str, Any]:
    """Train what is missing, judge all alike, and write one table and one page.

    Args:
        contestants: methods, each with its own overrides if it has any: ``"byol:momentum=0,0"``.
        data: a built-in set, or the path of a folder of pictures.
        seeds: N runs seeds 0 to N - 1.
        out: the directory; None takes ``runs/compare-DATA``.
        split: ``test`` is for results; ``validation`` is for choices, and keeps test unread.
        baselines: stand beside the contestants; None takes ``untrained``, ``pixels``, ``random_patches`` and
            ``supervised``, or for a study those that it needs.
        protocols: how encoders are judged; ``all`` is every protocol that the data can carry.
        fresh: move an older comparison aside.
        jobs: how many runs go on at once, each in a process with its share of the cores, and of several GPUs.
        study: a claim to test: ``robustness``, ``labels`` or ``scale``; it adds the runs and protocols that it
            needs.
        encoders: for ``scale``, the smaller and the larger one.
        to_label: where the pictures have no labels, how many are drawn to be labelled, for ``rank``: 50 to 200.
        log: trackers that are told of every run as well: ``tensorboard``, ``wandb``, ``mlflow``.
        say: is told, in sentences, what happens.
        overrides: hold for all contestants, with ``__`` for the dot; ``knn__k=10`` for a protocol.

    Returns:
        The content of ``comparison.json``.

    Raises:
        Refusal: the input cannot be used; nothing was written.
    """
    if not contestants:
        raise Refusal(
            "Nothing to compare; name one method or more, for example: simclr byol vicreg."
        )
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    changes, given = judging.apart(given)
    names = trackers.check(log)
    plan = comparison.plan(
        contestants,
        out=Path(out) if out is not None else default_directory(data),
        seeds=seeds,
        split=split,
        baselines=baselines,
        protocols=_listed(protocols),
        changes=changes,
        overrides={"data": data, **given},
        fresh=fresh,
        jobs=jobs,
        study=study,
        encoders=encoders,
        to_label=to_label,
    )
    runs = [entrant.run for entrant in plan.entrants]
    say(announce(plan.entrants[0].run, plan.directory, runs, jobs))
    return comparison.compare(replace(plan, trackers=names), say)


def rank(
    directory: str | Path, labels: str | Path | None = None, *, say: Say = _quiet
) -> dict[str, Any]:
    """Rank a comparison of pictures without labels by the few that somebody labelled since.

    Args:
        directory: what ``compare`` wrote; its page has the pictures to label.
        labels: a CSV of ``file`` and ``label``, as the page saves it; None takes the directory's
            ``to-label.csv``, filled in.
        say: is told, in sentences, what happens.

    Returns:
        Accuracies with intervals, ranks, differences and sentences: ``few_labels`` of ``comparison.json``.

    Raises:
        Refusal: no such comparison, or labels that cannot be used; nothing was written.
    """
    from selftaught.reports.sheet import TABLE

    directory = Path(directory)
    given = directory / TABLE if labels is None else Path(labels)
    say(
        f"{directory} by the labels of {given} · writes {directory}/comparison.json and report.html"
    )

    from selftaught.comparison.few_labels.rank import rank

    return rank(directory, given, say)


def evaluate(
    run: str | Path,
    *,
    split: Split = "validation",
    protocols: Sequence[str] = PROTOCOLS,
    say: Say = _quiet,
    **overrides: Any,
) -> dict[str, Any]:
    """Judge a finished run; what is already in its ``results.json`` is not computed again.

    Args:
        run: the run folder.
        split: ``validation`` is for choices; a reading of ``test`` is logged and counted.
        protocols: how it is judged; ``all`` is every protocol that the data can carry.
        say: is told, in sentences, what happens.
        overrides: parameters of the protocols, with ``__`` for the dot: ``knn__k=10``.

    Returns:
        Protocol to its number, its other scores and curves, and its settings.

    Raises:
        Refusal: no such run, protocol or parameter, or the run is not finished, or its data cannot carry
            what is asked.
    """
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    protocols = _listed(protocols)
    changes = judging.only(given, protocols)
    parameters = judging.resolve(protocols, changes)
    folder = RunFolder(Path(run))
    settings = folder.run
    if not (folder.path / "encoder.safetensors").is_file():
        raise Refusal(f"{folder.path} has not finished: give its train command again first.")
    say(
        f"{settings.method.name} on {settings.data.name} · {split} split · writes {folder.path}/results.json"
    )

    from selftaught.evaluation import check, unsuited
    from selftaught.reports.wording import scored
    from selftaught.training import carry_out, prepare

    setup = prepare(settings)
    if catalogue.ALL in protocols:
        for name, reason in unsuited(setup.splits, split, parameters).items():
            say(f"{name} is left out: {reason}")
            del parameters[name]
    check(setup.splits, split, parameters)
    if split == "validation" and settings.final:
        say("This run was pretrained on the validation pictures too, so this number flatters it.")
    with held(folder.path):
        judged, mark = folder.results.get("judged_on", {}), setup.splits.mark
        if judged.get(split, folder.mark) not in (None, mark):
            say("The pictures, their labels or their division have changed: all is judged anew.")
            folder.record(**{split: {}}, judged_on=judged | {split: mark})
        found = carry_out(
            setup,
            folder,
            split=split,
            protocols=parameters,
            changes=parameters,
            told=lambda name, result: say(scored(name, result.facts())),
        )[split]
    return {name: found[name] for name in parameters}


def examine(
    data: str,
    *,
    methods: Sequence[str] = ("simclr",),
    out: str | Path | None = None,
    seconds: float = 20.0,
    say: Say = _quiet,
    **overrides: Any,
) -> dict[str, Any]:
    """Examine a data set before any training: what is in it, what is wrong with it, what training would take.

    Args:
        data: a built-in set, or the path of a folder of pictures.
        methods: whose views are shown and whose cost is measured.
        out: a directory for ``doctor.html``, ``doctor.json`` and, where a folder has copies or near-duplicates,
            ``groups.csv``, which keeps them on one side (``data.labels``); None writes nothing.
        seconds: about how long the measuring of each method's cost may take; 0 measures none.
        say: is told, in sentences, what happens.
        overrides: anything of the configuration, with ``__`` for the dot; they hold for all methods.

    Returns:
        The content of ``doctor.json``; its ``refusal`` is the sentence with which training would refuse the
        data, or None.

    Raises:
        Refusal: there are no pictures to examine; nothing was written.
    """
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    if not methods:
        raise Refusal("No method is named; give one or more, for example: simclr byol.")
    for name in methods:
        if catalogue.entry(name).baseline:
            raise Refusal(f"{name} is a baseline, which takes no steps; name a method that trains.")
    settings = [config.resolve(name, {"data": data}, given) for name in dict.fromkeys(methods)]
    where = None if out is None else Path(out)
    if where is not None and where.exists() and not where.is_dir():
        raise Refusal(f"--out {where} is a file; name a directory.")
    end = f" · writes {where}/" if where is not None else ""
    say(
        f"examining {settings[0].data.name} for {', '.join(run.method.name for run in settings)}{end}"
    )

    from selftaught import doctor

    found = doctor.examine(settings, seconds)
    if where is not None:
        from selftaught.reports.checkup_page import render_checkup

        pairs = [
            (f"{each.picture} and {each.twin}, {each.likeness:.2f}", each.sheet)
            for each in found.pairs
        ]
        page = render_checkup(found.content, found.views, pairs)
        write_atomically(where / "doctor.html", page.encode())
        write_json(where / "doctor.json", found.content)
        if found.groups is not None:
            write_atomically(where / "groups.csv", found.groups.encode())
    return found.content


def load(run: str | Path, *, device: str = "cpu") -> "Embedder":
    """A trained encoder with its preprocessing, from a run folder or an ``encoder.safetensors``.

    Args:
        device: where it works; ``auto`` takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        Refusal: there is no readable encoder, or no such device.
    """
    from selftaught.inference import load
    from selftaught.training.machine import choose_device

    return load(Path(run), device=choose_device(device))


def embed(
    run: str | Path,
    pictures: str | Path,
    out: str | Path,
    *,
    device: str = "auto",
    say: Say = _quiet,
) -> "tuple[Any, list[str]]":
    """Features of a folder of pictures (or of one picture), written to ``out`` with the names beside it.

    Args:
        out: a file that ends in .npy; the names go to one beside it that ends in .txt, a line each.
        device: where the encoder works; ``auto`` takes CUDA, then Apple's MPS, then the CPU.
        say: is told which files of a folder cannot be read; they are left out.

    Returns:
        [n, d] float32 features, and the n files in the same order.

    Raises:
        Refusal: no readable encoder, no such device, or pictures that the encoder cannot read; or ``out`` has
            another ending, or a file of somebody else's lies where the names would.
    """
    import numpy as np

    from selftaught.inference import pictures_in

    out, given = Path(out), Path(pictures)
    listing = out.with_suffix(".txt")
    if out.suffix != ".npy":
        raise Refusal(f"--out {out} should end in .npy.")
    if listing.exists() and not out.exists():
        raise Refusal(f"{listing} is there already, where the names would go; give another --out.")
    aside: dict[str, str] | None = None if given.is_file() else {}
    files = [given] if given.is_file() else pictures_in(given)
    features = load(run, device=device).embed(files, aside=aside)
    if aside:
        example = next(iter(aside.values()))
        say(f"{len(aside)} of {len(files)} files cannot be read and are left out: {example}")
    if not len(features):
        raise Refusal(f"None of the {len(files)} files of {given} can be read.")
    names = [str(file) for file in files if str(file) not in (aside or {})]
    lines = "".join(name.replace("\n", "\\n").replace("\r", "\\r") + "\n" for name in names)

    def save(path: Path) -> None:
        with path.open("wb") as file:  # numpy would add a suffix to a path
            np.save(file, features)

    write_atomically(out, save)
    write_atomically(listing, lines.encode("utf-8", "surrogateescape"))
    return features, names


def report(directory: str | Path) -> Path:
    """Write the page of a comparison again from its run folders; returns its path.

    Raises:
        Refusal: the directory holds no comparison.
    """
    from selftaught.reports.page import write_report

    return write_report(Path(directory))


def watch(directory: str | Path, *, port: int = 0, opened: bool = False, say: Say = print) -> None:
    """Serve the page of runs that go on, on this machine alone, until Ctrl-C or SIGTERM; writes nothing.

    Args:
        directory: of a comparison, of a run, or of several runs.
        port: 0 takes a free one.
        opened: whether the browser is told to open the page.
        say: is told the address.

    Raises:
        Refusal: there is nothing to see in the directory, or the port is taken.
    """
    from selftaught.reports.live.watch import watch

    watch(Path(directory), port, opened=opened, say=say)


def log(run: str | Path, to: str | Sequence[str], *, say: Say = _quiet) -> int:
    """Tell trackers of a run, or of all runs in a directory, what they have not been told yet.

    Args:
        run: a run folder, or a directory with several; they need not be finished.
        to: ``tensorboard``, ``wandb``, ``mlflow``.
        say: is told where to look.

    Returns:
        How many records were told.

    Raises:
        Refusal: there is no run, no such tracker, or its package is not installed.
        RunFailed: a tracker did not take it; the same call goes on there.
    """
    from selftaught.reports.live.folders import run_folders

    names = trackers.check(to)
    if not names:
        raise Refusal(f"Nobody to tell; give one or more of {', '.join(trackers.NAMES)}.")
    folders = run_folders(Path(run))
    if not folders:
        raise Refusal(
            f"{run} holds no run; give the directory that train or compare says it writes."
        )
    return trackers.tell(folders, names, say)


def bench(
    *contestants: str,
    data: str = "shapes",
    repeats: int = 7,
    against: Sequence[str] = (),
    compile_floor: bool | None = None,
    peak_tflops: float | None = None,
    say: Say = _quiet,
    **overrides: Any,
) -> dict[str, Any]:
    """Measure training steps against their floor, and against other packages, in turn.

    Args:
        contestants: methods, each with its own overrides if it has any: ``"byol:momentum=0,0"``.
        data: a built-in set, a folder of pictures, or ``random``: noise in the shape of CIFAR-10.
        repeats: rounds; in each every contender has its turn.
        against: peers, of ``lightly``, ``solo-learn`` and ``stable-pretraining``.
        compile_floor: whether the floor is tried compiled as well; None does so where the run is compiled.
        peak_tflops: what the device could do at best, in 10^12 operations a second; None looks it up.
        say: is told, in sentences, what happens.
        overrides: hold for all contestants, with ``__`` for the dot.

    Returns:
        ``environment``, ``repeats`` and ``rows``; nothing is written.

    Raises:
        Refusal: the input cannot be used; nothing was measured.
        RunFailed: memory ran out.
    """
    plan = benchmarking.plan(
        contestants,
        data=data,
        repeats=repeats,
        against=against,
        compiled=compile_floor,
        peak_tflops=peak_tflops,
        overrides={key.replace("__", "."): value for key, value in overrides.items()},
    )
    run = plan.contestants[0][1]
    device = likely_device(run)
    names = ", ".join(text for text, _ in plan.contestants)
    beside = f" and {', '.join(against)}" if against else ""
    say(
        f"{names} on {data} · {device} · {repeats} rounds beside the floor{beside} · writes nothing"
    )
    return benchmarking.bench(plan, say)
