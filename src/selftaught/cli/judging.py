"""Commands that put trained encoders to use: judge, rank, or turn pictures into features."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from selftaught.cli.options import (
    AsJson,
    DeviceName,
    Protocols,
    SplitName,
    keys_of,
    listed,
    split_named,
)
from selftaught.cli.speech import print_json, say
from selftaught.errors import counted


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

    found = interface.rank(directory, labels, say=say)
    if as_json:
        print_json(found)
        return
    from rich.console import Console

    from selftaught.reports.few_labels import table

    console = Console(soft_wrap=not sys.stdout.isatty())
    console.print(table(found))
    for sentence in found["sentences"]:
        console.print(sentence, markup=False, highlight=False)
    say(f"Page: {directory / 'report.html'}")


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

    given = keys_of(config.split_overrides(overrides or []), interface.evaluate)
    found = interface.evaluate(
        run,
        split=split_named(split),
        protocols=listed(protocols) or [protocols],
        say=say,
        **given,
    )
    readings = RunFolder(run).results.get("test_readings")
    if as_json:
        print_json({"run": str(run), "split": split, "test_readings": readings, "results": found})
        return
    for name, result in found.items():
        settings = "; ".join(
            f"{k.replace('_', ' ')} {setting(v)}"
            for k, v in result.items()
            if isinstance(v, int | float | str)
            and k not in ("measure", "split", result.get("measure"))
        )
        print(f"{scored(name, result, digits=2)} on {split} ({settings})")


def embed(
    run: Annotated[Path, typer.Argument(help="A run folder or an encoder.safetensors.")],
    pictures: Annotated[Path, typer.Argument(help="A folder of pictures, or one picture.")],
    out: Annotated[Path, typer.Option(help="Where the features go: X.npy, one row a picture.")],
    device: DeviceName = None,
    as_json: AsJson = False,
) -> None:
    """Turn pictures into features with a trained encoder; rows are in the order of FILE.txt beside."""
    say(f"{run} on {pictures} · writes {out} and {out.with_suffix('.txt').name}")
    from selftaught import interface

    features, files = interface.embed(run, pictures, out, device=device or "auto", say=say)
    if as_json:
        print_json({"out": str(out), "pictures": len(files), "dim": features.shape[1]})
    else:
        names = out.with_suffix(".txt")
        print(
            f"{counted(len(files), 'picture')}, {features.shape[1]} features each: {out} (names: {names})"
        )
