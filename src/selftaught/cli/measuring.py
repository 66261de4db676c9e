"""Commands that measure before anything is trained: the speed of a step, and the data."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from selftaught.cli.options import (
    AsJson,
    DataRoot,
    DeviceName,
    EncoderName,
    Epochs,
    Overrides,
    Recipe,
    given_options,
    keys_of,
    listed,
)
from selftaught.cli.speech import print_json, say


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
        typer.Option(
            help="Other packages, separated by commas: lightly, solo-learn, stable-pretraining."
        ),
    ] = None,
    compile_floor: Annotated[
        bool | None,
        typer.Option(
            help="Try the floor compiled as well; otherwise only where the run is compiled."
        ),
    ] = None,
    peak_tflops: Annotated[
        float | None,
        typer.Option(
            help="Peak TFLOP/s of the device, for model-FLOP utilisation; known for common GPUs."
        ),
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
    given = {key: value for key, value in options.items() if value is not None} | given_options(
        set_, data_root=data_root, recipe=recipe, epochs=None, encoder=encoder, device=device
    )
    given = {"data": data} | keys_of(given, interface.bench, "data")
    content = interface.bench(
        *contestants,
        repeats=repeats,
        against=listed(against or ""),
        compile_floor=compile_floor,
        peak_tflops=peak_tflops,
        say=say,
        **given,
    )
    if as_json:
        print_json(content)
        return
    from rich.console import Console

    from selftaught.reports.speed import speed_tables

    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in speed_tables(content):
        console.print(table, "")


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
        float,
        typer.Option(
            min=0,
            help="About how long to measure the time and memory of each method; 0 measures neither.",
        ),
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

    given = given_options(
        overrides, data_root=data_root, recipe=recipe, epochs=epochs, encoder=encoder, device=device
    )
    given = keys_of(given, interface.examine)
    methods = listed(method)
    content = interface.examine(data, methods=methods, out=out, seconds=seconds, say=say, **given)
    if as_json:
        print_json(content)
    else:
        from selftaught.reports.checkup import print_checkup

        print_checkup(content)
    if out is not None:
        say(f"Page: {out / 'doctor.html'}")
    if content["refusal"]:
        raise SystemExit(2)
