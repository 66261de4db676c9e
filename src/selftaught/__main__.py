"""Where the command begins, as ``selftaught`` and as ``python -m selftaught``.

Nothing is imported before the guard stands: Ctrl-C in the first third of a second ends in a sentence, too.
"""

import sys


def main() -> None:
    """The console script."""
    try:
        from selftaught import cli
    except KeyboardInterrupt:
        print("selftaught: stopped before anything was begun.", file=sys.stderr)
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
