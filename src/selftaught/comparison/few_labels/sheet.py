"""The sheet of pictures to label, drawn for a comparison of pictures without labels.

to-label.csv    the files and an empty column for their labels, for a spreadsheet
to-label.json   which pictures, the chance with which each was drawn, its group, and from how many
to-label.webp   how they look, for the page

Groups (``data.labels``) change no chance: one picture of each would leave few where patients are few, and let a
picture of a large group stand for a hundred times as many as another. Their numbers are written down, and who
reads the labels leaves a picture's whole group out.
"""

import csv
import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from selftaught import config
from selftaught.comparison.few_labels.chances import chances, disagreement, draw, unit
from selftaught.data import Source, Splits, join
from selftaught.encoders import files
from selftaught.errors import RunFailed, counted
from selftaught.evaluation import extract
from selftaught.inference.pictures import read
from selftaught.keys import shuffle
from selftaught.reports.pictures import fitted, in_colour, sprite
from selftaught.reports.sheet import DESCRIBED, PICTURES, TABLE, Sheet, read_sheet
from selftaught.runs import move_aside, write_atomically, write_json
from selftaught.training import prepare

SEED = 0
POOL = 4000
"""Pictures of which the sheet is drawn at most: their likenesses, each with each, are 64 MB."""

LARGEST_TILE = 160
FEWEST = 20
"""Pictures under which no sheet is written; groups under which it is not of those held back alone."""


def provide(
    directory: Path,
    splits: Splits,
    runs: Mapping[str, tuple[config.Run, Path]],
    count: int,
    say: Callable[[str], None],
) -> Sheet | None:
    """The sheet of a comparison, drawn and written unless one of this size is there.

    One that is there stays even if contestants have come along since: somebody may be labelling it, and its
    chances hold for any contestant.

    Args:
        splits: pictures of a folder, without labels.
        runs: contestant to one of its finished runs, and the folder of that.
        count: how many pictures to draw.
        say: is told what was written.
    """
    known = read_sheet(directory)
    names, groups, source, parts = pool(splits, count)
    if known is not None and known.facts.get("asked") == count and set(known.files) <= set(names):
        return known
    if len(names) < FEWEST:
        say(
            counted(len(names), "picture is", "pictures are")
            + " too few to rank by labels: no sheet is written."
        )
        return None
    rows = shuffle(len(names), SEED, epoch=1)[:POOL].sort().values
    features, rows = _features(source, rows, runs)
    if not features:
        return None
    given = chances(disagreement(features, seed=SEED), min(count, len(rows)))
    drawn = draw(given, seed=SEED)
    # Their order means nothing: who stops half-way has labelled pictures of every kind.
    drawn = drawn[shuffle(len(drawn), SEED, epoch=2)]
    chosen = [names[row] for row in rows[drawn].tolist()]
    grouped = [{} if groups is None else {"group": int(groups[row])} for row in rows[drawn]]
    folder = Path(splits.name).expanduser().resolve()
    content, tile, columns = _sprite([folder / name for name in chosen])
    older = _table(known.files) if known is not None else b""
    if (directory / TABLE).is_file() and (directory / TABLE).read_bytes() != older:
        move_aside(directory / TABLE)
        say(f"{directory / TABLE} held labels of another sheet: it was moved aside.")
    write_atomically(directory / PICTURES, content)
    write_atomically(directory / TABLE, _table(chosen))
    facts = {
        "data": splits.name,
        "folder": str(folder),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "asked": count,
        "pool": {"pictures": len(rows), "of": len(names), "parts": parts},
        "drawn_for": list(features),
        "seed": SEED,
        "tile": tile,
        "columns": columns,
        "pictures": [
            {"file": name, "chance": float(given[row]), **group}
            for name, row, group in zip(chosen, drawn.tolist(), grouped, strict=True)
        ],
    }
    write_json(directory / DESCRIBED, facts)
    say(
        f"{len(chosen)} pictures to label: on {directory / 'report.html'}, or in {directory / TABLE}; "
        f"then give: selftaught rank {directory} labels.csv"
    )
    return read_sheet(directory)


def pool(splits: Splits, count: int) -> tuple[list[str], Tensor | None, Source, list[str]]:
    """Files that may be drawn, their groups, the same as a source, and their splits.

    They are those that were held back; only where these are fewer than the sheet has room for, or of few
    groups, those that were trained on as well, which every contestant has seen, without a label, alike.
    """
    parts = {"validation": splits.validation, "test": splits.test}
    there = {name: part for name, part in parts.items() if part is not None}
    groups = _groups(there.values())
    few = groups is not None and len(set(groups.tolist())) < FEWEST
    if few or sum(map(len, there.values())) < count:
        there["train"] = splits.train
    files = [file for name in there for file in splits.files[name]]
    return files, _groups(there.values()), join(*there.values()), list(there)


def _groups(parts: Iterable[Source]) -> Tensor | None:
    """The numbers of the groups, which the splits of a folder share; pictures that are joined lose theirs."""
    found = [part.groups for part in parts if part.groups is not None]
    return torch.cat(found) if found else None


def _features(
    source: Source, rows: Tensor, runs: Mapping[str, tuple[config.Run, Path]]
) -> tuple[dict[str, Tensor], Tensor]:
    """Each contestant's features of the rows that can be read, and these; one that is broken has none."""
    found: dict[str, Tensor] = {}
    for contestant, (run, folder) in runs.items():
        setup = prepare(run)
        encoder, _ = files.read(folder / files.NAME)
        encoder = encoder.to(setup.device).to(memory_format=torch.channels_last)
        part = source.subset(rows)
        try:
            read_ = extract(encoder, part, setup.clean, device=setup.device, dtype=setup.dtype)
        except RunFailed:
            continue
        # Unreadable files are found by the first who reads them, and are out for all.
        rows = rows[read_.index]
        found = {name: each[read_.index] for name, each in found.items()}
        found[contestant] = unit(read_.features)
    return found, rows


def _sprite(paths: Sequence[Path]) -> tuple[bytes, int, int]:
    """All pictures whole on one sheet; side of a tile; columns."""
    pictures = [read(path) for path in paths]
    tile = min(LARGEST_TILE, max(max(picture.shape[1:]) for picture, _ in pictures))
    sheet = np.concatenate([_shown(picture, levels, tile) for picture, levels in pictures])
    content, columns = sprite(sheet, tile)
    return content, tile, columns


def _shown(picture: Tensor, levels: int, tile: int) -> NDArray[np.uint8]:
    """A picture as a screen shows it, [1, tile, tile, 3]; one of 16 bits up to its brightest pixel."""
    pixels = picture.permute(1, 2, 0).numpy()[None]
    if levels > 255:
        pixels = pixels * (255 / max(int(pixels.max()), 1))
    shown: NDArray[np.uint8] = fitted(in_colour(pixels.astype(np.uint8)), tile)
    return shown


def _table(names: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "label"])
    writer.writerows([name, ""] for name in names)
    return text.getvalue().encode()
