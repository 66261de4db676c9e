"""The command line: words in, the functions of ``interface`` called, sentences and exit codes out.

Exit codes: 0 done; 1 a run failed and can be resumed; 2 the input cannot be used; 130 and 143 stopped by
Ctrl-C or SIGTERM, saved. Progress goes to stderr, results to stdout; with ``--json`` stdout is JSON alone.
"""

import sys

import typer

from selftaught.cli import judging, looking, measuring, teaching
from selftaught.cli.guard import guarded

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Teach an image encoder from pictures nobody labelled, and learn which method taught it best.",
)

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
):  # in the order of --help
    app.command()(command)


def main() -> None:
    """The console script."""
    sys.exit(guarded(app))
