"""Every expected trouble ends in a sentence and its exit code."""

import os
import sys
from collections.abc import Callable
from typing import Any

from selftaught.cli.speech import say
from selftaught.errors import Interrupted, Refusal, RunFailed


def guarded(call: Callable[[], Any]) -> int:
    """Run, and turn every expected trouble into a sentence and its exit code."""
    try:
        call()
    except Refusal as error:
        say(f"selftaught: {error}")
        return 2
    except RunFailed as error:
        say(f"selftaught: {error}")
        return 1
    except KeyboardInterrupt:
        say("selftaught: stopped before anything was begun.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Interrupted as error:
        say(f"selftaught: {error}" + " Give the same command again to go on." * error.saved)
        return error.code
    return 0
