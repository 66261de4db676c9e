"""Sentences to stderr, results to stdout."""

import json
import sys
from typing import Any


def say(sentence: str) -> None:
    """One sentence, at once."""
    print(sentence, file=sys.stderr, flush=True)


def print_json(content: Any) -> None:
    """What a program reads."""
    print(json.dumps(content, indent=1))
