"""Every expected trouble ends in a sentence and its exit code."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from selftaught import launcher
from selftaught.cli import speech
from selftaught.errors import Interrupted, Refusal, RunFailed

PATIENCE = 20.0
"""Seconds."""


def guarded(call: Callable[[], Any]) -> int:
    """Run, and turn every expected trouble into a sentence and its exit code.

    Of several processes, which mostly come upon the same, the first says so. Its launcher then ends the others,
    who wait for that: what one comes upon alone, it says in the end itself. That they stop, the first says.
    """

    def say(sentence: str) -> None:
        if launcher.place() > 0:
            time.sleep(PATIENCE)
        speech.say(sentence)

    def say_once(sentence: str) -> None:
        if launcher.place() == 0:
            speech.say(sentence)

    try:
        call()
    except Refusal as error:
        say(f"selftaught: {error}")
        return 2
    except RunFailed as error:
        say(f"selftaught: {error}")
        return 1
    except KeyboardInterrupt:
        say_once("selftaught: stopped before anything was begun.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Interrupted as error:
        say_once(f"selftaught: {error}" + " Give the same command again to go on." * error.saved)
        return error.code
    return 0
