"""Runs the blocks of a chapter in order, in this process, and holds what they print against what stands below.

- ``python`` is executed; the blocks of a chapter share their names.
- ``sh`` is given to the command line (``selftaught ...``) or, any other command, to a shell. A command ends
  with its line, or goes on after a backslash. ``make`` is not run: it would install.
- ``yaml`` whose first line is a comment with a path is written there.
- ``text`` right below one of these is what it prints: sentences and results together, no progress, and numbers
  aside unless it is called ``text exact``. A line of three dots stands for any number of lines; where a shown
  line begins with "selftaught: " the command is one that is refused.
"""

import contextlib
import io
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selftaught import cli

FENCE = re.compile(r"^```(\w*)( exact)?\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
PROGRESS = re.compile(r"pictures/s +.* left\s*$")
NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d[\d.,]*(?:e-?\d+)?(?: min \d+)?")
NOT_RUN = ("make ",)
DOTS = "..."


@dataclass(frozen=True)
class Block:
    """A fenced block, the ``text`` that follows it with nothing between, and whether its numbers hold too."""

    language: str
    code: str
    shown: str | None = None
    exact: bool = False


def blocks(chapter: str) -> list[Block]:
    """What is to be run of a chapter, in order."""
    found: list[Block] = []
    end = -1
    for match in FENCE.finditer(chapter):
        language, exact, code = match.groups()
        if language == "text":
            if found and chapter[end : match.start()].strip() == "":
                last = found.pop()
                found.append(Block(last.language, last.code, code, exact is not None))
            continue
        found.append(Block(language, code))
        end = match.end()
    return found


def run(block: Block, names: dict[str, Any], folder: Path) -> None:
    """Run one block; it must do what it shows."""
    if block.language == "yaml":
        first, _, _ = block.code.partition("\n")
        if path := re.fullmatch(r"# (\S+\.ya?ml)", first):
            (folder / path[1]).parent.mkdir(parents=True, exist_ok=True)
            (folder / path[1]).write_text(block.code, encoding="utf-8")
        return
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        if block.language == "python":
            exec(compile(block.code, "<chapter>", "exec"), names)
        elif block.language == "sh":
            refused = any(
                line.startswith("selftaught: ") for line in (block.shown or "").splitlines()
            )
            for line in block.code.replace("\\\n", " ").splitlines():
                _command(line, refused)
    if block.shown is not None:
        hold(block.shown, printed.getvalue(), exact=block.exact)


def _command(line: str, refused: bool) -> None:
    words = shlex.split(line, comments=True)
    if not words or line.startswith(NOT_RUN):
        return
    if words[0] != "selftaught":
        done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr, sep="", end="")
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return
    try:
        code = cli.guarded(lambda: cli.app(words[1:], standalone_mode=False))
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == (2 if refused else 0), f"{line} ended with {code}"


def plain(text: str, *, exact: bool = False) -> list[str]:
    """Lines without their spaces, what depends on the machine, and (unless exact) their numbers."""
    lines = []
    for line in re.split(r"[\n\r]", text):
        if line.strip() and not PROGRESS.search(line):
            masked = re.sub(r"-[0-9a-f]{8}(?=/)", "-#", line.replace("· cuda ·", "· cpu ·"))
            lines.append(" ".join((masked if exact else NUMBER.sub("#", masked)).split()))
    return lines


def hold(shown: str, printed: str, *, exact: bool = False) -> None:
    """Each shown line was printed, in this order, with nothing between but where dots stand."""
    rest, anywhere = plain(printed, exact=exact), False
    for line in plain(shown, exact=exact):
        if line == DOTS:
            anywhere = True
            continue
        place = rest.index(line) if line in rest else -1
        assert place >= 0, f"not printed: {line}\n\nprinted:\n{printed}"
        assert anywhere or place == 0, f"printed before '{line}', not shown: {rest[:place]}"
        rest, anywhere = rest[place + 1 :], False
    assert anywhere or not rest, f"printed, not shown: {rest}"
