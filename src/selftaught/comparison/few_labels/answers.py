"""What a person wrote on the sheet: a CSV of files and labels, from the page or from a spreadsheet."""

import csv
import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from selftaught.errors import Refusal, counted

FEWEST = 20
"""Labels under which nothing can be said."""

NOBODY = "?"
"""A label that says that the class cannot be told from the picture."""


@dataclass(frozen=True)
class Answers:
    """Labels by file.

    Attributes:
        labels: file to label, in the order of the sheet.
        nobody: files whose class could not be told.
        notes: sentences that the user should read.
    """

    labels: dict[str, str]
    nobody: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """Their names, sorted."""
        return sorted(set(self.labels.values()))


def read(path: Path, sheet: Sequence[str], where: Path) -> Answers:
    """Labels for pictures of a sheet; those left empty have none.

    Args:
        path: of the CSV, its columns ``file`` and ``label`` apart by commas, semicolons or tabs.
        sheet: the files that were chosen.
        where: the comparison's directory, for the sentences.

    Raises:
        Refusal: it cannot be read, lacks a column, names files that are not on the sheet or one file twice with
            two labels, or has too few labels or classes to rank by.
    """
    return checked(_rows(path), sheet, path, where)


def checked(
    rows: Sequence[tuple[str, str]], sheet: Sequence[str], path: Path, where: Path
) -> Answers:
    """The same, from pairs of file and label; the arguments and refusals are those of ``read``."""
    _refuse_strangers([file for file, _ in rows], sheet, path, where)
    given: dict[str, str] = {}
    for file, label in rows:
        if label and given.setdefault(file, label) != label:
            raise Refusal(
                f"'{path}' calls {file} both '{given[file]}' and '{label}'; keep one of the two."
            )
    labels = {file: given[file] for file in sheet if given.get(file, NOBODY) != NOBODY}
    nobody = tuple(file for file in sheet if given.get(file) == NOBODY)
    if len(labels) < FEWEST:
        raise Refusal(
            f"'{path}' has {len(labels)} labels, and under {FEWEST} nothing can be said; label more of the "
            f"{len(sheet)} pictures of {where / 'to-label.csv'}."
        )
    answers = Answers(labels, nobody)
    if len(answers.classes) < 2:
        raise Refusal(
            f"all {len(labels)} labels of '{path}' are '{answers.classes[0]}'; ranking asks who tells classes "
            "apart, so two or more are needed."
        )
    answers.notes.extend(_notes(answers, len(sheet)))
    return answers


def _rows(path: Path) -> list[tuple[str, str]]:
    """File and label of each line, spaces around them taken off; spreadsheets write ; or tabs as well."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Refusal(f"there is no file '{path}'; give the labels that the page saved.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"the labels '{path}' cannot be read as a CSV: {error}.") from None
    lines = text.splitlines()
    first = lines[0] if lines else ""
    apart = max(",;\t", key=first.count)
    table = csv.DictReader(lines, delimiter=apart)
    columns = [(name or "").strip().lower() for name in table.fieldnames or ()]
    if not {"file", "label"} <= set(columns):
        raise Refusal(
            f"the labels '{path}' have the columns {', '.join(filter(None, columns)) or 'none'}; expected "
            "'file' and 'label'."
        )
    table.fieldnames = columns
    return [
        (_plain(row["file"]).replace("\\", "/"), _plain(row["label"]))
        for row in table
        if _plain(row["file"])
    ]


def _plain(text: str | None) -> str:
    return (text or "").strip()


def _refuse_strangers(files: Sequence[str], sheet: Sequence[str], path: Path, where: Path) -> None:
    known = set(sheet)
    strangers = [file for file in files if file not in known]
    if not strangers:
        return
    if len(strangers) == len(files):
        raise Refusal(
            f"none of the {len(files)} files of '{path}' is on the sheet of {where}: these labels belong to "
            f"another comparison; label the pictures of {where / 'to-label.csv'}."
        )
    near = difflib.get_close_matches(strangers[0], sheet, n=1, cutoff=0.6)
    raise Refusal(
        f"'{path}' names {len(strangers)} files that are not on the sheet of {where}, such as "
        f"'{strangers[0]}'; only pictures that were drawn for it say how much they stand for"
        + (f" (did you mean '{near[0]}'?)." if near else ".")
    )


def _notes(answers: Answers, asked: int) -> list[str]:
    counts = Counter(answers.labels.values())
    notes = []
    if left := asked - len(answers.labels):
        unsure = (
            f", {len(answers.nobody)} of them because nobody can tell" if answers.nobody else ""
        )
        notes.append(
            f"{left} of {asked} pictures have no label{unsure}: what is said holds for pictures like the "
            f"{len(answers.labels)} that have one."
        )
    alone = sorted(name for name, count in counts.items() if count == 1)
    if alone:
        few = ", ".join(f"'{name}'" for name in alone[:5]) + (" ..." if len(alone) > 5 else "")
        notes.append(
            counted(len(alone), "class has", "classes have")
            + f" one picture ({few}), which every contestant gets wrong, since no other "
            "picture shows the class: join them with others if they are not apart."
        )
    folded: dict[str, set[str]] = {}
    for name in counts:
        folded.setdefault(" ".join(name.lower().split()), set()).add(name)
    for names in folded.values():
        if len(names) > 1:
            written = " and ".join(f"'{name}'" for name in sorted(names))
            notes.append(
                f"{written} are taken for {len(names)} classes: write them alike if they are one."
            )
    return notes
