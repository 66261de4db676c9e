"""Commands that look: what there is, what runs came to, and how they go on."""

import os
from pathlib import Path
from typing import Annotated

import typer

from selftaught.cli.options import AsJson
from selftaught.cli.speech import print_json, say


def methods(
    name: Annotated[str | None, typer.Argument(help="One method, for its page.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the methods, or say what one of them is."""
    from selftaught import catalogue
    from selftaught.reports import methods as pages

    if as_json:
        facts = [pages.facts(each) for each in ([name] if name else catalogue.names())]
        print_json(facts[0] if name else facts)
        return
    from rich.console import Console

    Console(highlight=False).print(pages.page(name) if name else pages.table())


def protocols(
    name: Annotated[str | None, typer.Argument(help="One protocol, for its page.")] = None,
    as_json: AsJson = False,
) -> None:
    """List how encoders are judged, or say what one protocol is."""
    from selftaught import catalogue
    from selftaught.reports import protocols as pages

    if as_json:
        facts = [pages.facts(each) for each in ([name] if name else catalogue.protocols())]
        print_json(facts[0] if name else facts)
        return
    from rich.console import Console

    Console(highlight=False).print(pages.page(name) if name else pages.table())


def report(
    directory: Annotated[Path, typer.Argument(help="A directory that `compare` wrote.")],
) -> None:
    """Write the page of a comparison again from its run folders."""
    say(f"Page of {directory} · writes {directory / 'report.html'}")
    from selftaught import interface

    print(interface.report(directory))


def log(
    run: Annotated[Path, typer.Argument(help="A run folder, or a directory with several.")],
    to: Annotated[str, typer.Option(help="tensorboard, wandb or mlflow, separated by commas.")],
) -> None:
    """Write runs to TensorBoard, W&B or MLflow; what they have already is not written again.

    TensorBoard's and W&B's files lie in the run folders, MLflow's where MLflow puts them. Nothing is sent
    unless WANDB_MODE or MLFLOW_TRACKING_URI say so.
    """
    from selftaught import interface

    say(f"Runs in {run} · told to {to}")
    print(f"{interface.log(run, to, say=say)} records told")


def watch(
    directory: Annotated[
        Path, typer.Argument(help="Of a comparison, of a run, or of several runs.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Show runs in progress in the browser of this machine; writes nothing.

    From another machine: ssh -L 8000:127.0.0.1:PORT HOST, then http://127.0.0.1:8000/.
    """
    # Not by way of ``interface``, whose imports take as long as the address may take to be said.
    from selftaught.reports.live.watch import watch

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cores are the training's
    if hasattr(os, "nice"):
        os.nice(5)
    watch(directory, port, opened=open_, say=say)
    say("Ended. Runs that go on are not touched by it.")
