"""Commands that train: one method, or many that are then compared."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from selftaught import launcher
from selftaught.cli.options import (
    AsJson,
    BudgetText,
    Data,
    DataRoot,
    DeviceName,
    EncoderName,
    Epochs,
    Fresh,
    Log,
    Overrides,
    Protocols,
    Recipe,
    SplitName,
    StopOnCollapse,
    given_options,
    keys_of,
    listed,
    split_named,
)
from selftaught.cli.speech import print_json, say


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
            help="Separated by commas, or none; otherwise untrained, pixels, random_patches and supervised."
        ),
    ] = None,
    protocols: Protocols = "knn,linear",
    split: SplitName = "test",
    jobs: Annotated[
        int,
        typer.Option(help="Runs at once, each with its share of the cores and of several GPUs."),
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
    """Train what is missing, judge all alike, write one table and one page.

    Runs lie in the comparison's own directory; those of `train` are not taken up.
    """
    from selftaught import interface

    given = given_options(
        set_,
        data_root=data_root,
        recipe=recipe,
        epochs=epochs,
        budget=budget,
        encoder=encoder,
        device=device,
        stop_on_collapse=stop_on_collapse,
    )
    chosen = None if baselines is None else [b for b in listed(baselines) if b != "none"]
    given = {"data": data} | keys_of(given, interface.compare, "data")
    content = interface.compare(
        *contestants,
        seeds=seeds,
        out=out,
        split=split_named(split),
        baselines=chosen,
        protocols=listed(protocols) or [protocols],
        fresh=fresh,
        jobs=jobs,
        study=study,
        encoders=() if encoders is None else listed(encoders),
        to_label=to_label,
        log=log or (),
        say=say,
        **given,
    )
    if as_json:
        print_json(content)
    else:
        from rich.console import Console

        from selftaught.reports.tables import comparison_tables

        console = Console(soft_wrap=not sys.stdout.isatty())
        for table in comparison_tables(content):
            console.print(table)
        asked = content.get("study") or {}
        answers = [answer["sentence"] for answer in asked.get("answers", [])]
        note = [asked["note"]] if asked.get("note") else []
        for claim in [*answers, *note, *content["claims"]]:
            console.print(claim, markup=False, highlight=False)
    directory = out or interface.default_directory(given["data"])
    say(f"Page: {directory / 'report.html'}")
    if any(row["error"] for row in content["rows"]):
        raise SystemExit(1)


def train(
    method: Annotated[str, typer.Argument(help="A name from `selftaught methods`.")],
    overrides: Overrides = None,
    data: Data = "shapes",
    recipe: Recipe = None,
    epochs: Epochs = None,
    budget: BudgetText = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
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

    given = given_options(
        overrides,
        data_root=data_root,
        recipe=recipe,
        epochs=epochs,
        budget=budget,
        encoder=encoder,
        device=device,
        stop_on_collapse=stop_on_collapse,
    )
    given = {"data": data, "seed": seed, **keys_of(given, interface.train, "data", "seed")}
    folder = interface.train(method, out=out, fresh=fresh, log=log or (), say=say, **given)
    if launcher.place() > 0:
        return
    from selftaught.reports.wording import scored

    results = RunFolder(folder).results
    if as_json:
        print_json({"folder": str(folder), **results})
        return
    for name, found in results.get("validation", {}).items():
        print(f"{scored(name, found)} on validation")
    print(f"{results['verdict']}: {results['verdict_text']}")
    print(f"Encoder: {folder / 'encoder.safetensors'}")
