"""The command line: words in, the functions of ``interface`` called, sentences and exit codes out.

Exit codes: 0 done; 1 a run failed and can be resumed; 2 the input cannot be used; 130 and 143 stopped by
Ctrl-C or SIGTERM, saved. Progress goes to stderr, results to stdout; with ``--json`` stdout is JSON alone.
"""

import sys
from collections.abc import Callable
from functools import wraps
from importlib import metadata
from typing import Annotated, Any

import typer

from selftaught import launcher
from selftaught.cli import judging, looking, measuring, teaching
from selftaught.cli.guard import guarded

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Train image encoders by self-supervised learning, and learn which method trained the better one. "
    "Begin with: selftaught compare simclr byol vicreg",
)


def once(command: Callable[..., None]) -> Callable[..., None]:
    """The command, which refuses to be started several times by a launcher."""

    @wraps(command)
    def checked(*words: Any, **options: Any) -> None:
        launcher.alone(command.__name__)
        command(*words, **options)

    return checked


# In the order of --help.
for command in (
    teaching.compare,
    judging.rank,
    teaching.train,
    judging.evaluate,
    judging.embed,
    measuring.bench,
    measuring.doctor,
    looking.methods,
    looking.protocols,
    looking.report,
    looking.log,
    looking.watch,
):
    app.command()(command if command is teaching.train else once(command))


def print_version(wanted: bool) -> bool:
    """Print the version and end, if that is wanted; typer takes the answer for the option's value."""
    if wanted:
        print(metadata.version("selftaught"))
        raise typer.Exit
    return wanted


@app.callback()
def every_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """What stands before the command."""


def main() -> None:
    """The console script."""
    sys.exit(guarded(app))
