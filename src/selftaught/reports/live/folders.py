"""Which run folders lie in a directory, and whether anything in them has changed; nothing heavy is imported."""

import os
from pathlib import Path

from selftaught.errors import Refusal

DEPTH = 4
"""Levels below the directory that are looked through: ``runs`` holds DATA/METHOD/seed-N."""

RECORDS = ("plan.json", "comparison.json")
"""What tells of a whole comparison."""

PARTS = ("run.yaml", "length.json", "metrics.jsonl", "results.json", "views.webp")
"""What the page reads of a run folder while it goes on."""

Signs = tuple[tuple[str, int, int], ...]


def run_folders(directory: Path) -> list[Path]:
    """Every run folder in a directory, in the order of their names; the directory itself if it is one."""
    found = []
    for place, below, files in os.walk(directory):
        depth = len(Path(place).relative_to(directory).parts)
        if "run.yaml" in files:
            found.append(Path(place))
        if "run.yaml" in files or depth == DEPTH:
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith("."))
    return found


def check(directory: Path) -> None:
    """Refuse what there is nothing to see in.

    Raises:
        Refusal: it is no directory, or holds neither a comparison nor a run.
    """
    advice = "give the directory that train or compare says it writes, once it has begun."
    if not directory.is_dir():
        word = "is a file" if directory.exists() else "does not exist"
        raise Refusal(f"{directory} {word}; {advice}")
    if not any((directory / name).is_file() for name in RECORDS) and not run_folders(directory):
        raise Refusal(f"{directory} holds no run and no comparison; {advice}")


def signs(directory: Path) -> Signs:
    """Name, time and size of every file that the page is made of: equal as long as nothing was written."""
    paths = [directory / name for name in (*RECORDS, "atlas/pictures.json")]
    paths += [folder / part for folder in run_folders(directory) for part in PARTS]
    found = []
    for path in paths:
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((str(path), facts.st_mtime_ns, facts.st_size))
    return tuple(found)
