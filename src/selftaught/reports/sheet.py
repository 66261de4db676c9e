"""The sheet of pictures to label, read from plain files: ``to-label.json`` and ``to-label.webp``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DESCRIBED = "to-label.json"
PICTURES = "to-label.webp"
TABLE = "to-label.csv"


@dataclass(frozen=True)
class Sheet:
    """Pictures that were drawn to be labelled.

    Attributes:
        directory: of the comparison, as it was named.
        facts: what to-label.json says: ``data``, ``folder``, ``seed``, ``pool``, ``drawn_for`` and more.
        files: relative to the folder, in the order in which they stand on the sheet.
        chances: with which each was drawn.
        groups: the number of each picture's group; the file itself where it is in none, or none were noted.
        picture: the sprite sheet, WebP.
        tile: side of a picture on it, in pixels.
        columns: pictures in a row of it.
    """

    directory: Path
    facts: dict[str, Any]
    files: tuple[str, ...]
    chances: tuple[float, ...]
    groups: tuple[int | str, ...]
    picture: bytes
    tile: int
    columns: int


def read_sheet(directory: Path) -> Sheet | None:
    """The sheet of a comparison; None where there is none, or it is damaged."""
    try:
        facts = json.loads((directory / DESCRIBED).read_text(encoding="utf-8"))
        return Sheet(
            directory=directory,
            facts=facts,
            files=tuple(str(each["file"]) for each in facts["pictures"]),
            chances=tuple(float(each["chance"]) for each in facts["pictures"]),
            groups=tuple(each.get("group", str(each["file"])) for each in facts["pictures"]),
            picture=(directory / PICTURES).read_bytes(),
            tile=int(facts["tile"]),
            columns=int(facts["columns"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
