"""What a folder says of its pictures besides their pixels: splits, classes and groups."""

import csv
import difflib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from selftaught.data.files import ENDINGS
from selftaught.errors import Refusal

PARTS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Listing:
    """The pictures below a folder.

    Attributes:
        folder: where they lie.
        names: paths relative to it, with forward slashes, sorted.
        ignored: how many files of each other ending there are, in lower case, the most frequent first.
    """

    folder: Path
    names: tuple[str, ...]
    ignored: Mapping[str, int]

    @property
    def others(self) -> int:
        """How many files are not pictures."""
        return sum(self.ignored.values())

    @cached_property
    def parts(self) -> dict[str, str]:
        """Sub-folders that name a split, and which; none unless they hold every picture."""
        top = {name.split("/")[0] for name in self.names}
        laid_out = "train" in top and len(top) > 1 and top <= set(PARTS)
        return {name: PARTS[name] for name in top} if laid_out else {}

    def part(self, name: str) -> str:
        """The split that a picture's folder names; ``train`` where it names none."""
        return self.parts.get(name.split("/", maxsplit=1)[0], "train")

    def inside(self, name: str) -> list[str]:
        """The folders of a picture, below the one that names its split, and the file."""
        path = name.split("/")
        return path[1:] if path[0] in self.parts else path


@dataclass(frozen=True)
class Tags:
    """Labels and groups by relative path; a picture that is missing has none.

    Attributes:
        note: what the user should know of them.
    """

    labels: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    note: str | None = None

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The labels in order: as numbers where all of them are."""
        labels = set(self.labels.values())
        if all(label.isdecimal() for label in labels):
            return tuple(sorted(labels, key=lambda label: (int(label), label)))
        return tuple(sorted(labels))


def list_pictures(name: str) -> Listing:
    """All pictures below a folder; hidden files and folders are passed over.

    Raises:
        Refusal: it is missing, is a file, or holds fewer than two pictures.
    """
    folder = Path(name).expanduser()
    if not folder.exists():
        raise Refusal(
            f"there is no folder '{name}' (looked in {Path.cwd()}); give one that exists."
        )
    if not folder.is_dir():
        raise Refusal(f"'{name}' is a file; give the folder that holds the pictures.")
    names: list[str] = []
    others: Counter[str] = Counter()
    for at, inner, files in os.walk(folder):
        inner[:] = [one for one in inner if not one.startswith(".")]
        for file in files:
            if Path(file).suffix.lower() in ENDINGS and not file.startswith("."):
                names.append((Path(at) / file).relative_to(folder).as_posix())
            else:
                others[Path(file).suffix.lower()] += not file.startswith(".")
    if len(names) < 2:
        raise Refusal(
            f"the folder '{name}' holds {'one picture' if names else 'no pictures'} and {others.total()} "
            f"other files; give one with at least two pictures ({', '.join(sorted(ENDINGS))})."
        )
    ignored = {ending: count for ending, count in others.most_common() if count}
    return Listing(folder, tuple(sorted(names)), ignored)


def tags_of_folders(listing: Listing) -> Tags:
    """Classes from the first level of sub-folders, two or more, with no picture beside them."""
    folders = {name: listing.inside(name)[0] for name in listing.names}
    beside = sum(len(listing.inside(name)) == 1 for name in listing.names)
    if beside == len(folders):
        return Tags()
    if beside:
        return Tags(
            note=f"{beside} pictures lie beside sub-folders, which are not taken as classes, then."
        )
    return Tags(folders) if len(set(folders.values())) > 1 else Tags()


def tags_of_csv(listing: Listing, path: Path) -> Tags:
    """Labels and groups from a CSV with the columns ``file`` and ``label``, ``group`` or both.

    Raises:
        Refusal: it cannot be read, lacks columns, or names files that are not there.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            named = {Path(row.get("file") or "").as_posix(): row for row in table}
            columns = set(table.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refusal(f"the labels '{path}' cannot be read as a CSV: {error}.") from error
    if "file" not in columns or not columns & {"label", "group"}:
        raise Refusal(
            f"the labels '{path}' have the columns {', '.join(sorted(columns)) or 'none'}; "
            "expected 'file' and 'label', 'group' or both."
        )
    strangers = sorted(set(named) - set(listing.names))
    if strangers:
        near = difflib.get_close_matches(strangers[0], listing.names, n=1, cutoff=0.6)
        raise Refusal(
            f"the labels '{path}' name {len(strangers)} files that are not pictures below "
            f"'{listing.folder}', such as '{strangers[0]}'; write paths relative to that folder"
            + (f" (did you mean '{near[0]}'?)." if near else ".")
        )
    labels = {name: row["label"] for name, row in named.items() if row.get("label")}
    groups = {name: row["group"] for name, row in named.items() if row.get("group")}
    missing = len(listing.names) - len(labels)
    return Tags(
        labels,
        groups,
        f"{missing} of {len(listing.names)} pictures have no label."
        if labels and missing
        else None,
    )
