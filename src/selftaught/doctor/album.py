"""The pictures of a data set, as the doctor knows them: measured, named, and on their side of the
division."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, Shaped
from numpy import ndarray

from selftaught.config import Data
from selftaught.data import BUILT_IN, Splits, open_splits
from selftaught.data.folder import Survey, open_folder
from selftaught.data.labels import Listing, Tags, list_pictures, tags_of_csv, tags_of_folders
from selftaught.data.streamed import chosen_workers
from selftaught.doctor.counting import Counting
from selftaught.doctor.measures import Measures
from selftaught.doctor.reading import Look, look_at_files, look_at_source
from selftaught.errors import Refusal

PARTS = ("train", "unlabelled", "validation", "test")
ASIDE = "left out"
"""The part of pictures that can be read and are neither trained nor tested on."""


@dataclass(frozen=True)
class Album:
    """Every picture that can be read, a row each.

    Attributes:
        names: of files, or ``train 12`` where a set has no files.
        parts: which split each belongs to; ``left out`` where training would not use it.
        sizes: height and width in pixels.
        labels: places among ``classes``, -1 where a picture has none.
        groups: the group that a column names, -1 where a picture is in none; None without such a column.
        looks: at every file of a folder, those that cannot be read too; empty for a built-in set.
        splits: the set as training would open it; None where training would refuse it.
        refusal: why it would.
        listing, tags: of a folder; None for a built-in set.
    """

    names: tuple[str, ...]
    parts: Shaped[ndarray, " n"]
    sizes: Int64[ndarray, "n 2"]
    labels: Int64[ndarray, " n"]
    groups: Int64[ndarray, " n"] | None
    classes: tuple[str, ...]
    measures: Measures
    looks: tuple[Look, ...]
    splits: Splits | None
    refusal: str | None = None
    listing: Listing | None = None
    tags: Tags | None = None

    def rows(self, part: str) -> Int64[ndarray, " m"]:
        """The rows of one part."""
        return np.flatnonzero(self.parts == part)

    @property
    def present(self) -> list[str]:
        """The parts that have pictures, in their usual order."""
        return [part for part in (*PARTS, ASIDE) if (self.parts == part).any()]


def open_album(config: Data) -> Album:
    """Read every picture of a folder or a built-in set, once.

    Raises:
        Refusal: there is no such set, or a folder without pictures or with labels that cannot be used.
    """
    folder = Path(config.name).expanduser()
    if config.name in BUILT_IN or not folder.is_dir():
        return of_splits(open_splits(config))
    listing = list_pictures(config.name)
    labels = Path(config.labels).expanduser() if config.labels else None
    tags = tags_of_folders(listing) if labels is None else tags_of_csv(listing, labels)
    threads = max(config.workers if config.workers is not None else chosen_workers(), 1)
    with Counting("reading", len(listing.names), "files") as told:
        looks = tuple(look_at_files(str(listing.folder), listing.names, threads, told))
    survey = Survey(
        {look.name: look.header or look.trouble or "" for look in looks},
        {look.name: look.digest for look in looks if look.header is not None},
    )
    splits, refusal = None, None
    try:
        splits = open_folder(config, survey)
    except Refusal as error:
        refusal = str(error)
    return of_folder(listing, looks, tags, splits, refusal)


def of_folder(
    listing: Listing,
    looks: tuple[Look, ...],
    tags: Tags,
    splits: Splits | None,
    refusal: str | None,
) -> Album:
    """The files that can be read; where training would refuse the folder, as its sub-folders divide it."""
    good = [look for look in looks if look.measures is not None]
    names = tuple(look.name for look in good)
    if splits is None:
        parts = {name: listing.part(name) for name in names}
    else:
        parts = {name: part for part, files in splits.files.items() for name in files}
    place = {label: number for number, label in enumerate(tags.classes)}
    group = {name: number for number, name in enumerate(sorted(set(tags.groups.values())))}
    groups = [group.get(tags.groups.get(name, ""), -1) for name in names]
    return Album(
        names=names,
        parts=np.array([parts.get(name, ASIDE) for name in names], dtype=object),
        sizes=np.array([(h.height, h.width) for look in good if (h := look.header)]).reshape(-1, 2),
        labels=np.array([place.get(tags.labels.get(name, ""), -1) for name in names], np.int64),
        groups=np.array(groups, np.int64) if group else None,
        classes=tags.classes,
        measures=Measures.joined([look.measures for look in good if look.measures is not None]),
        looks=looks,
        splits=splits,
        refusal=refusal,
        listing=listing,
        tags=tags,
    )


def of_splits(splits: Splits) -> Album:
    """A built-in set, as it is divided."""
    sources = {part: getattr(splits, part) for part in PARTS if getattr(splits, part) is not None}
    names: list[str] = []
    parts: list[str] = []
    measures, sizes, labels = [], [], []
    with Counting("reading", sum(map(len, sources.values())), "pictures") as told:
        for part, source in sources.items():
            found, rows = look_at_source(source, told)
            measures.append(found)
            names += [f"{part} {row}" for row in rows.tolist()]
            parts += [part] * len(rows)
            sizes.append(source.sizes.numpy()[rows])
            none = torch.full((len(source),), -1)
            labels.append((none if source.labels is None else source.labels).numpy()[rows])
    return Album(
        names=tuple(names),
        parts=np.array(parts, dtype=object),
        sizes=np.concatenate(sizes),
        labels=np.concatenate(labels),
        groups=None,
        classes=splits.classes,
        measures=Measures.joined(measures),
        looks=(),
        splits=splits,
    )
