"""Draw the tables of ``results/``: docs/results.md, docs/speed.md, and their charts in docs/figures/.

    python benchmarks/draw.py            # write them
    python benchmarks/draw.py --check    # say what is not as the tables have it, and write nothing

Every figure of these pages comes from a file of ``results/``; a test holds the pages against the files.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drawn import accuracy, speed

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

NOTE = "<!-- Written by `python benchmarks/draw.py`; edit that, or the files that it reads. -->"
ACCURACY = f"""{NOTE}
# Results

What was measured, from the files of [benchmarks/results](../benchmarks/README.md) alone. You can read here how
good each method's encoder is on each data set, what that took, and what stands beside it. Chapter 1 says
[how to read such a table](1-first-comparison.md), chapter 5 [what its numbers mean](5-judging.md).

A dot is the mean over seeds, a bar the range from the lowest seed to the highest; broken lines are baselines.
`trials` is how many settings were tried on validation before this one was kept. Verdicts are those of the
version that wrote the file.
"""
SPEED = f"""{NOTE}
# Speed

What was measured, from the files of [benchmarks/results](../benchmarks/README.md) alone. You can read here how
near a training step comes to what its networks alone would take (the *floor*), how it stands beside other
packages, how little time an accuracy needs, how fast pictures become views, what judging takes, and what the
losses cost.
`selftaught bench simclr byol` measures steps on your machine.

Ratios are of the same rounds, in which all took turns; seconds belong to one machine on one day.
"""


def pages(files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Every file that belongs to ``docs/``, by its path there.

    Args:
        files: content of each table, by its name without ``.json``.
    """
    written: dict[str, str] = {}
    for name, head, part in (("results.md", ACCURACY, accuracy), ("speed.md", SPEED, speed)):
        own = {stem: content for stem, content in sorted(files.items()) if part.is_one(content)}
        text, figures = part.page(own)
        written[name] = f"{head}\n{text}\n"
        written |= {f"figures/{file}": drawn for file, drawn in figures.items()}
    return written


def read(folder: Path = RESULTS) -> dict[str, Any]:
    """The tables of a folder.

    Raises:
        SystemExit: one is of a kind that no page draws.
    """
    found = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }
    for stem, content in found.items():
        if not (accuracy.is_one(content) or speed.is_one(content)):
            raise SystemExit(
                f"{stem}.json is neither a comparison nor a table of speed: no page draws it."
            )
    return found


def stale(written: Mapping[str, str], docs: Path) -> list[str]:
    """Files that are missing, differ, or are no longer drawn."""
    known = {f"figures/{path.name}" for path in (docs / "figures").glob("*.svg")}
    wrong = [
        name
        for name, text in written.items()
        if not (docs / name).is_file() or (docs / name).read_text(encoding="utf-8") != text
    ]
    return sorted({*wrong, *(known - written.keys())})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page is stale")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the pages go")
    given = parser.parse_args()
    written = pages(read())
    differing = stale(written, given.docs)
    for name in differing:
        print(name)
    if given.check:
        return 1 if differing else 0
    (given.docs / "figures").mkdir(parents=True, exist_ok=True)
    for name in differing:
        if name in written:
            (given.docs / name).write_text(written[name], encoding="utf-8")
        else:
            (given.docs / name).unlink()  # of a table that is gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
