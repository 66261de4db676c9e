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
from selftaught.errors import Refusal, counted

RUNS = {"run.yaml", "plan.json", "comparison.json"}
"""Where one of them lies, a run or a comparison does, with pictures of its own."""

LONGEST = 200
"""Letters of a name that a sentence shows: a quote that is never closed takes the rest of a file for one."""

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
    """All pictures below a folder; hidden files and folders are passed over, and what runs have written.

    Raises:
        Refusal: it is missing, is a file, or holds fewer than two pictures.
    """
    folder = Path(name).expanduser()
    if not name.strip() or not folder.exists():
        raise Refusal(
            f"there is no folder '{name}' (looked in {Path.cwd()}); give one that exists."
        )
    if not folder.is_dir():
        raise Refusal(f"'{name}' is a file; give the folder that holds the pictures.")
    names: list[str] = []
    others: Counter[str] = Counter()
    for at, inner, files in os.walk(folder):
        if Path(at) != folder and RUNS & set(files):
            inner.clear()
            continue
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
            note=counted(beside, "picture lies", "pictures lie")
            + " beside sub-folders, which are not taken as classes, then."
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
            rows = list(table)
            columns = list(table.fieldnames or ())
    except OSError as error:
        raise Refusal(f"the labels '{path}' cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Refusal(f"the labels '{path}' are no UTF-8; save them as UTF-8.") from None
    except csv.Error as error:
        raise Refusal(f"the labels '{path}' cannot be read as a CSV: {error}.") from None
    named = _by_file(path, columns, rows)
    strangers = sorted(set(named) - set(listing.names))
    if strangers:
        near = difflib.get_close_matches(strangers[0], listing.names, n=1, cutoff=0.6)
        shown = strangers[0].splitlines()[0][:LONGEST] if strangers[0] else ""
        raise Refusal(
            f"the labels '{path}' name "
            + counted(len(strangers), "file that is no picture", "files that are not pictures")
            + f" below '{listing.folder}', such as '{shown}'; write paths relative to that folder"
            + (f" (did you mean '{near[0]}'?)." if near else ".")
        )
    labels = {name: row["label"] for name, row in named.items() if row.get("label")}
    groups = {name: row["group"] for name, row in named.items() if row.get("group")}
    number = len(listing.names)
    missing = number - len(labels)
    return Tags(
        labels,
        groups,
        counted(missing, f"of {number} pictures has", f"of {number} pictures have") + " no label."
        if labels and missing
        else None,
    )


def _by_file(
    path: Path, columns: list[str], rows: list[dict[str, str]]
) -> dict[str, dict[str, str]]:
    """The rows of a CSV by the file that each names.

    Raises:
        Refusal: a column lacks, or is there twice; there are no rows, one has more fields than there are
            columns, or two say different things of one file.
    """
    if "file" not in columns or not {"label", "group"} & set(columns):
        raise Refusal(
            f"the labels '{path}' have the columns {', '.join(sorted(columns)) or 'none'}; "
            "expected 'file' and 'label', 'group' or both, with commas between."
        )
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise Refusal(f"the labels '{path}' have the column '{min(twice)}' twice; keep one.")
    if not rows:
        raise Refusal(f"the labels '{path}' name no files below their columns.")
    named: dict[str, dict[str, str]] = {}
    for line, row in enumerate(rows, 2):
        if None in row:
            raise Refusal(
                f"the labels '{path}' have more fields than columns in row {line}; put quotes around what "
                "holds a comma."
            )
        name = Path(row["file"] or "").as_posix()
        known = named.setdefault(name, row)
        for column in ("label", "group"):
            if known.get(column) != row.get(column):
                raise Refusal(
                    f"the labels '{path}' give {name[:LONGEST]} the {column}s "
                    f"{known[column]!r:.{LONGEST}} and {row[column]!r:.{LONGEST}}; keep one of the two."
                )
    return named
