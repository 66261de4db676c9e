"""The command line: words in, the functions of ``interface`` called, sentences and exit codes out.

Exit codes: 0 done; 1 a run failed and can be resumed; 2 the input cannot be used; 130 and 143 stopped by
Ctrl-C or SIGTERM, saved. Progress goes to stderr, results to stdout; with ``--json`` stdout is JSON alone.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from selftaught.errors import Interrupted, Refusal, RunFailed, suggest

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Teach an image encoder from pictures nobody labelled, and learn which method taught it best.",
)

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        help="Anything of the configuration: batch=128 optimiser.rate=0.3 temperature=0.2"
    ),
]
Data = Annotated[
    str,
    typer.Option(
        help="A built-in set (shapes, digits, cifar10, cifar100, stl10, imagenet) or a folder of pictures."
    ),
]
DataRoot = Annotated[
    str | None,
    typer.Option(envvar="SELFTAUGHT_DATA", help="Where the public sets lie or are downloaded to."),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        help="Recipes other than the data's own: a name (cifar10-cpu) or a folder of yours."
    ),
]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the pictures; the recipe's otherwise.")
]
BudgetText = Annotated[
    str | None,
    typer.Option("--budget", help="Instead of --epochs: 30m or 2h of training, or 5Mpictures."),
]
StopOnCollapse = Annotated[
    bool, typer.Option("--stop-on-collapse", help="End at the look that shows a collapse.")
]
EncoderName = Annotated[
    str | None, typer.Option(help="resnet_tiny, resnet18, resnet50, vit_tiny, timm:NAME ...")
]
DeviceName = Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")]
Log = Annotated[
    str | None,
    typer.Option(
        "--log",
        help="Also tell tensorboard, wandb or mlflow, separated by commas; on this machine alone, "
        "unless WANDB_MODE or MLFLOW_TRACKING_URI say otherwise.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Move what is there aside and begin anew.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]
SplitName = Annotated[str, typer.Option(help="validation is for choices; test is for the result.")]
Protocols = Annotated[
    str, typer.Option(help="From `selftaught protocols`, separated by commas; or all.")
]


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _split(name: str) -> Any:
    if name not in ("validation", "test"):
        raise Refusal(f"There is no split '{name}'; {suggest(name, ['validation', 'test'])}")
    return name


def _given(
    overrides: list[str] | None,
    *,
    data_root: str | None,
    recipe: str | None,
    epochs: int | None,
    encoder: str | None,
    device: str | None,
    budget: str | None = None,
    stop_on_collapse: bool = False,
) -> dict[str, Any]:
    from selftaught import config

    options = {
        "data.root": data_root,
        "recipe": recipe,
        "epochs": epochs,
        "budget": budget,
        "encoder": encoder,
        "device": device,
        "monitor.stop_on_collapse": stop_on_collapse or None,
    }
    given = {key: value for key, value in options.items() if value is not None}
    return given | config.split_overrides(overrides or [])


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=1))


@app.command()
def compare(
    contestants: Annotated[
        list[str],
        typer.Argument(
            help="Methods, each with its own overrides if any: simclr 'byol:momentum=0,0'"
        ),
    ],
    data: Data = "shapes",
    recipe: Recipe = None,
    epochs: Epochs = None,
    budget: BudgetText = None,
    seeds: Annotated[int, typer.Option(help="N runs seeds 0 to N-1; claims need 3.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Directory; runs/compare-DATA otherwise.")
    ] = None,
    encoder: EncoderName = None,
    device: DeviceName = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value for all: batch=128 knn.k=10; repeat it."),
    ] = None,
    baselines: Annotated[
        str | None,
        typer.Option(
            help="Separated by commas, or none; otherwise untrained,pixels,random_patches,supervised."
        ),
    ] = None,
    protocols: Protocols = "knn,linear",
    split: SplitName = "test",
    jobs: Annotated[
        int,
        typer.Option(help="Runs at once, each with its share of the cores; for small networks."),
    ] = 1,
    study: Annotated[
        str | None,
        typer.Option(help="A claim to test against supervised: robustness, labels or scale."),
    ] = None,
    encoders: Annotated[
        str | None, typer.Option(help="For --study scale: the smaller and the larger one.")
    ] = None,
    to_label: Annotated[
        int,
        typer.Option(help="Pictures without labels: how many to draw for `rank`, 50 to 200."),
    ] = 100,
    data_root: DataRoot = None,
    stop_on_collapse: StopOnCollapse = False,
    log: Log = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Train what is missing, judge all alike, write one table and one page."""
    from selftaught import interface

    given = _given(
        set_,
        data_root=data_root,
        recipe=recipe,
        epochs=epochs,
        budget=budget,
        encoder=encoder,
        device=device,
        stop_on_collapse=stop_on_collapse,
    )
    chosen = (
        None if baselines is None else [b for b in baselines.split(",") if b not in ("", "none")]
    )
    given = {"data": data} | given
    content = interface.compare(
        *contestants,
        seeds=seeds,
        out=out,
        split=_split(split),
        baselines=chosen,
        protocols=protocols.split(","),
        fresh=fresh,
        jobs=jobs,
        study=study,
        encoders=() if encoders is None else [each.strip() for each in encoders.split(",")],
        to_label=to_label,
        log=log or (),
        say=_say,
        **given,
    )
    if as_json:
        _print_json(content)
    else:
        from rich.console import Console

        from selftaught.reports.tables import comparison_tables

        console = Console(soft_wrap=not sys.stdout.isatty())
        for table in comparison_tables(content):
            console.print(table)
        answers = (content.get("study") or {}).get("answers", [])
        for claim in [*(answer["sentence"] for answer in answers), *content["claims"]]:
            console.print(claim, markup=False, highlight=False)
    directory = out or interface.default_directory(given["data"])
    _say(f"Page: {directory / 'report.html'}")
    if any(row["error"] for row in content["rows"]):
        raise SystemExit(1)


@app.command()
def rank(
    directory: Annotated[
        Path, typer.Argument(help="What `compare` wrote for unlabelled pictures.")
    ],
    labels: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV of file and label, as the page saves it; DIRECTORY/to-label.csv, filled in, otherwise."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rank encoders by the few pictures that you labelled on the page, as surely as so few can.

    Every encoder is judged by the same labelled pictures, each read by the others; nothing is trained again.
    """
    from selftaught import interface

    found = interface.rank(directory, labels, say=_say)
    if as_json:
        _print_json(found)
        return
    from rich.console import Console

    from selftaught.reports.few_labels import table

    console = Console(soft_wrap=not sys.stdout.isatty())
    console.print(table(found))
    for sentence in found["sentences"]:
        console.print(sentence, markup=False, highlight=False)
    _say(f"Page: {directory / 'report.html'}")


@app.command()
def train(
    method: Annotated[str, typer.Argument(help="A name from `selftaught methods`.")],
    overrides: Overrides = None,
    data: Data = "shapes",
    recipe: Recipe = None,
    epochs: Epochs = None,
    budget: BudgetText = None,
    seed: Annotated[int, typer.Option(help="Where every random choice begins.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Run folder; runs/DATA/METHOD[-hash]/seed-N otherwise.")
    ] = None,
    encoder: EncoderName = None,
    device: DeviceName = None,
    data_root: DataRoot = None,
    stop_on_collapse: StopOnCollapse = False,
    log: Log = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Train one method, or go on where it stopped; prints its result on validation."""
    from selftaught import interface
    from selftaught.runs import RunFolder

    given = _given(
        overrides,
        data_root=data_root,
        recipe=recipe,
        epochs=epochs,
        budget=budget,
        encoder=encoder,
        device=device,
        stop_on_collapse=stop_on_collapse,
    )
    call: dict[str, Any] = {"data": data, "seed": seed} | given
    folder = interface.train(method, out=out, fresh=fresh, log=log or (), say=_say, **call)
    from selftaught.reports.wording import scored

    results = RunFolder(folder).results
    if as_json:
        _print_json({"folder": str(folder), **results})
        return
    for name, found in results.get("validation", {}).items():
        print(f"{scored(name, found)} on validation")
    print(f"{results['verdict']}: {results['verdict_text']}")
    print(f"Encoder: {folder / 'encoder.safetensors'}")


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Parameters of the protocols: knn.k=10")
    ] = None,
    split: SplitName = "validation",
    protocols: Protocols = "knn,linear",
    as_json: AsJson = False,
) -> None:
    """Judge a finished run; each reading of the test split is logged and counted."""
    from selftaught import config, interface
    from selftaught.reports.wording import scored, setting
    from selftaught.runs import RunFolder

    found = interface.evaluate(
        run,
        split=_split(split),
        protocols=protocols.split(","),
        say=_say,
        **config.split_overrides(overrides or []),
    )
    readings = RunFolder(run).results.get("test_readings")
    if as_json:
        _print_json({"run": str(run), "split": split, "test_readings": readings, "results": found})
        return
    for name, result in found.items():
        settings = "; ".join(
            f"{k.replace('_', ' ')} {setting(v)}"
            for k, v in result.items()
            if isinstance(v, int | float | str)
            and k not in ("measure", "split", result.get("measure"))
        )
        print(f"{scored(name, result, digits=2)} on {split} ({settings})")


@app.command()
def embed(
    run: Annotated[Path, typer.Argument(help="A run folder or an encoder.safetensors.")],
    pictures: Annotated[Path, typer.Argument(help="A folder of pictures, or one picture.")],
    out: Annotated[Path, typer.Option(help="Where the features go: X.npy, one row a picture.")],
    as_json: AsJson = False,
) -> None:
    """Turn pictures into features with a trained encoder; rows are in the order of FILE.txt beside."""
    if out.suffix != ".npy":
        raise Refusal(f"--out {out} should end in .npy.")
    _say(f"{run} on {pictures} · writes {out}")
    from selftaught import interface

    features, files = interface.embed(run, pictures, out)
    if as_json:
        _print_json({"out": str(out), "pictures": len(files), "dim": features.shape[1]})
    else:
        names = out.with_suffix(".txt")
        print(f"{len(files)} pictures, {features.shape[1]} features each: {out} (names: {names})")


@app.command()
def bench(
    contestants: Annotated[
        list[str],
        typer.Argument(
            help="Methods, each with its own overrides if any: simclr 'byol:momentum=0,0'"
        ),
    ],
    data: Annotated[
        str,
        typer.Option(help="A data set, a folder of pictures, or random: noise, CIFAR-10's shape."),
    ] = "shapes",
    recipe: Recipe = None,
    encoder: EncoderName = None,
    batch: Annotated[int | None, typer.Option(help="Pictures in a step.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="auto, float32, bfloat16 or float16.")
    ] = None,
    device: DeviceName = None,
    repeats: Annotated[int, typer.Option(help="Rounds in which all take turns.")] = 7,
    against: Annotated[
        str | None,
        typer.Option(help="Peers, separated by commas: lightly,solo-learn,stable-pretraining"),
    ] = None,
    compile_floor: Annotated[
        bool | None,
        typer.Option(help="Try the floor compiled as well; only on GPUs unless given."),
    ] = None,
    peak_tflops: Annotated[
        float | None,
        typer.Option(help="The device at its best, 10^12 operations/s; known for common GPUs."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value for all contestants; repeat it.")
    ] = None,
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Measure training steps against their floor, and against other packages, in turn."""
    from selftaught import interface

    options = {"batch": batch, "precision": precision}
    given = {key: value for key, value in options.items() if value is not None} | _given(
        set_, data_root=data_root, recipe=recipe, epochs=None, encoder=encoder, device=device
    )
    content = interface.bench(
        *contestants,
        data=data,
        repeats=repeats,
        against=[peer for peer in (against or "").split(",") if peer],
        compile_floor=compile_floor,
        peak_tflops=peak_tflops,
        say=_say,
        **given,
    )
    if as_json:
        _print_json(content)
        return
    from rich.console import Console

    from selftaught.reports.speed import speed_tables

    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in speed_tables(content):
        console.print(table, "")


@app.command()
def doctor(
    data: Annotated[str, typer.Argument(help="A folder of pictures, or a built-in set.")],
    overrides: Overrides = None,
    method: Annotated[
        str,
        typer.Option(help="Whose views to show and whose cost to measure, separated by commas."),
    ] = "simclr",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory for a page, its JSON and a groups.csv; none is written otherwise."
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0, help="To measure each method's cost in, about; 0 measures none.")
    ] = 20.0,
    recipe: Recipe = None,
    epochs: Epochs = None,
    encoder: EncoderName = None,
    device: DeviceName = None,
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Examine a data set before training: defects, duplicates, leaks, balance, views, time and memory.

    The exit code is 0, with warnings too, and 2 where training would refuse the data.
    """
    from selftaught import interface

    given = _given(
        overrides, data_root=data_root, recipe=recipe, epochs=epochs, encoder=encoder, device=device
    )
    methods = [name for name in method.split(",") if name]
    content = interface.examine(data, methods=methods, out=out, seconds=seconds, say=_say, **given)
    if as_json:
        _print_json(content)
    else:
        from selftaught.reports.checkup import print_checkup

        print_checkup(content)
    if out is not None:
        _say(f"Page: {out / 'doctor.html'}")
    if content["refusal"]:
        raise SystemExit(2)


@app.command()
def methods(
    name: Annotated[str | None, typer.Argument(help="One method, for its page.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the methods, or say what one of them is."""
    from selftaught import catalogue
    from selftaught.reports import methods as pages

    if as_json:
        facts = [pages.facts(each) for each in ([name] if name else catalogue.names())]
        _print_json(facts[0] if name else facts)
        return
    from rich.console import Console

    Console(highlight=False).print(pages.page(name) if name else pages.table())


@app.command()
def protocols(
    name: Annotated[str | None, typer.Argument(help="One protocol, for its page.")] = None,
    as_json: AsJson = False,
) -> None:
    """List how encoders are judged, or say what one protocol is."""
    from selftaught import catalogue
    from selftaught.reports import protocols as pages

    if as_json:
        facts = [pages.facts(each) for each in ([name] if name else catalogue.protocols())]
        _print_json(facts[0] if name else facts)
        return
    from rich.console import Console

    Console(highlight=False).print(pages.page(name) if name else pages.table())


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(help="A directory that `compare` wrote.")],
) -> None:
    """Write the page of a comparison again from its run folders."""
    _say(f"Page of {directory} · writes {directory / 'report.html'}")
    from selftaught import interface

    print(interface.report(directory))


@app.command()
def log(
    run: Annotated[Path, typer.Argument(help="A run folder, or a directory with several.")],
    to: Annotated[str, typer.Option(help="tensorboard, wandb or mlflow, separated by commas.")],
) -> None:
    """Tell trackers of runs what they have not been told yet; again for what came since.

    TensorBoard's and W&B's files lie in the run folders, MLflow's where MLflow puts them. Nothing is sent
    unless WANDB_MODE or MLFLOW_TRACKING_URI say so.
    """
    from selftaught import interface

    _say(f"Runs in {run} · told to {to}")
    print(f"{interface.log(run, to, say=_say)} records told")


@app.command()
def watch(
    directory: Annotated[
        Path, typer.Argument(help="Of a comparison, of a run, or of several runs.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="A free one otherwise.")] = 0,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve the page of runs that go on, on this machine alone; it follows them, and writes nothing.

    From another machine: ssh -L 8000:127.0.0.1:PORT HOST, then http://127.0.0.1:8000/.
    """
    # Not by way of ``interface``, whose imports take as long as the address may take to be said.
    from selftaught.reports.live.watch import watch

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cores are the training's
    if hasattr(os, "nice"):
        os.nice(5)
    watch(directory, port, opened=open_, say=_say)
    _say("Ended. Runs that go on are not touched by it.")


def _guarded(call: Callable[[], Any]) -> int:
    """Run, and turn every expected trouble into a sentence and its exit code."""
    try:
        call()
    except Refusal as error:
        _say(f"selftaught: {error}")
        return 2
    except RunFailed as error:
        _say(f"selftaught: {error}")
        return 1
    except KeyboardInterrupt:
        _say("selftaught: stopped before anything was begun.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Interrupted as error:
        _say(f"selftaught: {error}" + " Give the same command again to go on." * error.saved)
        return error.code
    return 0


def main() -> None:
    """The console script."""
    sys.exit(_guarded(app))
