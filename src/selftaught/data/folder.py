"""A folder of pictures: any nesting, any sizes, labels or none.

*Labels* come from a CSV (columns ``file``, relative to the folder, and ``label``, ``group`` or
both), or else from the first level of sub-folders, where there are two or more of them and no
picture lies beside them. *Splits*: sub-folders ``train`` with ``val`` (or ``validation``) or
``test`` or both are honoured. What they leave open is chosen by content, not by order or path,
with all copies of one picture and all of one group on one side: the test pictures are a
tenth where there are labels, else none; the share ``data.validation`` of the rest is held back.
Where sub-folders disagree with that, a copy (or a group) that is in ``test`` or ``val`` is left out
of the training pictures.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from selftaught.config import Data
from selftaught.data.division import connect, place, split_units, take_evenly
from selftaught.data.files import (
    Files,
    Header,
    Kind,
    UnreadableError,
    common_kind,
    digest,
    headers,
)
from selftaught.data.labels import Listing, Tags, list_pictures, tags_of_csv, tags_of_folders
from selftaught.data.resident import Resident
from selftaught.data.source import Source, Splits
from selftaught.data.statistics import mean_and_std, view_size
from selftaught.data.streamed import InMemory, Streamed
from selftaught.errors import Refusal, counted

RESIDENT_BYTES = 2 * 2**30
"""Pictures that take no more than this are decoded once, on opening; more of them stream."""

TEST = 0.1


@dataclass(frozen=True)
class Survey:
    """What a look at every file of a folder tells, by the file's path relative to it.

    Attributes:
        headers: of each file, or the reason why it has none.
        digests: SHA-256 of the bytes of each file that has a header.
    """

    headers: dict[str, Header | str]
    digests: dict[str, bytes]


def survey_of(listing: Listing) -> Survey:
    """Read every file's header, and hash those that have one."""
    looks = headers(str(listing.folder), listing.names)
    found = [name for name, look in looks.items() if isinstance(look, Header)]
    return Survey(looks, {name: digest(listing.folder / name) for name in found})


def open_folder(config: Data, survey: Survey | None = None) -> Splits:
    """The pictures below the folder ``config.name``, divided as this file's first lines say.

    Args:
        survey: of the folder's files, where somebody has looked at them already; None looks.

    Raises:
        Refusal: it is no folder, holds fewer than two readable pictures or too many unreadable
            ones, or pictures of several kinds; or its labels or splits cannot be used.
    """
    listing = list_pictures(config.name)
    if config.labels is None:
        tags = tags_of_folders(listing)
    else:
        tags = tags_of_csv(listing, Path(config.labels).expanduser())

    survey = survey_of(listing) if survey is None else survey
    looks, digests = survey.headers, survey.digests
    found = {name: look for name, look in looks.items() if isinstance(look, Header)}
    bad = {name: look for name, look in looks.items() if isinstance(look, str)}
    refuse_bad(bad, len(looks), config.max_bad)
    kind, widened = common_kind(found)

    # Rows are in the order of content, so that training too is the same wherever the folder lies.
    names = sorted(found, key=lambda name: (digests[name], name))
    read = Files(str(listing.folder), tuple(names), kind)
    source: Source
    if decoded_bytes(found, kind) <= RESIDENT_BYTES:
        pictures = decode(read, bad)
        refuse_bad(bad, len(looks), config.max_bad)
        names = [name for name in names if name in pictures]
        source = in_memory(pictures, kind, tags, bad)
    else:
        source = Streamed(
            read,
            torch.tensor([(found[name].height, found[name].width) for name in names]),
            kind,
            labels=labels_of(names, tags),
            groups=groups_of(names, tags),
            workers=config.workers,
            max_bad=config.max_bad,
            bad=bad,
        )

    units = connect([digests[name] for name in names], [tags.groups.get(n) for n in names])
    parts = [listing.part(name) for name in names]
    rows, divided = divide(parts, units, source.labels, "test" in listing.parts.values(), config)
    train = source.subset(rows["train"])
    mean, std = mean_and_std(train)
    size = view_size(source.sizes)
    remarks = (widened, tags.note, *divided, *remarks_on(source, size, listing.others))
    return Splits(
        name=config.name,
        train=train,
        validation=source.subset(rows["validation"]),
        test=source.subset(rows["test"]) if len(rows["test"]) else None,
        classes=tags.classes,
        size=size,
        mean=mean,
        std=std,
        # At CIFAR's size the CIFAR recipes' views fit: a blur over three pixels leaves little.
        preset="small" if size <= 32 else "natural",
        notes=tuple(remark for remark in remarks if remark),
        files={part: tuple(names[row] for row in index.tolist()) for part, index in rows.items()},
        mark=mark_of(names, digests, tags, rows),
    )


def mark_of(
    names: list[str], digests: dict[str, bytes], tags: Tags, rows: dict[str, Tensor]
) -> str:
    """A hash of what each part holds: content, label and group of its pictures, whatever they are called."""
    found = hashlib.sha256()
    for part, index in rows.items():
        for row in index.tolist():
            name = names[row]
            own = (part, digests[name].hex(), tags.labels.get(name), tags.groups.get(name))
            found.update(repr(own).encode())
    return found.hexdigest()[:16]


def refuse_bad(bad: dict[str, str], total: int, max_bad: float) -> None:
    """Refuse a folder of which too much cannot be read, or of which fewer than two pictures can."""
    if len(bad) <= max_bad * total and total - len(bad) >= 2:
        return
    examples = "; ".join(f"{name}: {reason}" for name, reason in sorted(bad.items())[:3])
    allowed = (
        f"more than data.max_bad={max_bad:g} allows; mend or remove them, or raise data.max_bad"
        if len(bad) > max_bad * total
        else "and at least two are needed; mend them"
    )
    raise Refusal(f"{len(bad)} of {total} picture files cannot be read ({examples}), {allowed}.")


def decoded_bytes(found: dict[str, Header], kind: Kind) -> int:
    """What all pictures take as integers."""
    depth = 1 if kind.levels == 255 else 4
    return sum(h.height * h.width for h in found.values()) * kind.channels * depth


def decode(read: Files, bad: dict[str, str]) -> dict[str, Tensor]:
    """All pictures that can be decoded, by name; those that cannot are added to ``bad``."""
    pictures: dict[str, Tensor] = {}
    for row, name in enumerate(read.names):
        try:
            pictures[name] = read(row)
        except UnreadableError as error:
            bad[name] = str(error)
    return pictures


def in_memory(pictures: dict[str, Tensor], kind: Kind, tags: Tags, bad: dict[str, str]) -> Source:
    """On the device as one tensor if they are of one size, else cropped one by one."""
    names, decoded = list(pictures), tuple(pictures.values())
    labels, groups = labels_of(names, tags), groups_of(names, tags)
    if len({picture.shape for picture in decoded}) == 1:
        listed = [f"{name}: {reason}" for name, reason in bad.items()]
        return Resident(torch.stack(decoded), labels, groups, kind.levels, listed)
    sizes = torch.tensor([picture.shape[1:] for picture in decoded])
    read = InMemory(decoded, tuple(names))
    return Streamed(read, sizes, kind, labels=labels, groups=groups, bad=bad, max_bad=1.0)


def labels_of(names: list[str], tags: Tags) -> Tensor | None:
    """[n] int64 places among the classes, -1 where a picture has none; None if no picture has."""
    if not tags.labels:
        return None
    number = {label: i for i, label in enumerate(tags.classes)}
    return torch.tensor([number.get(tags.labels.get(name, ""), -1) for name in names])


def groups_of(names: list[str], tags: Tags) -> Tensor | None:
    """[n] int64, one number for each group and for each picture outside of groups."""
    if not tags.groups:
        return None
    number: dict[tuple[str, bool], int] = {}
    keys = [(tags.groups.get(name, name), name in tags.groups) for name in names]
    return torch.tensor([number.setdefault(key, len(number)) for key in keys])


def divide(
    parts: list[str], units: list[bytes], labels: Tensor | None, has_test: bool, config: Data
) -> tuple[dict[str, Tensor], list[str]]:
    """Rows of each split, and what the user should know of the division.

    Raises:
        Refusal: nothing is left to train on or to validate on.
    """
    rows = {
        part: [row for row, named in enumerate(parts) if named == part]
        for part in ("train", "validation", "test")
    }
    if labels is not None and not has_test:
        rows["test"] = [row for row in rows["train"] if place(units[row], "test") < TEST]
        apart = set(rows["test"])
        rest = [row for row in rows["train"] if row not in apart]
        if len({units[row] for row in rest}) < 2:
            rows["test"], rest = [], rows["train"]
        rows["train"] = rest

    notes: list[str] = []
    elsewhere = {units[row] for row in rows["test"]}
    for part in ("validation", "train"):
        alone = [row for row in rows[part] if units[row] not in elsewhere]
        if len(alone) < len(rows[part]):
            notes.append(
                counted(len(rows[part]) - len(alone), f"{part} picture is", f"{part} pictures are")
                + " left out: copies, or others of the same group, are held back for validation or test."
            )
        rows[part] = alone
        elsewhere |= {units[row] for row in alone}

    train = torch.tensor(rows["train"], dtype=torch.int64)
    in_classes = None if labels is None else labels[train]
    train = train[take_evenly(in_classes, torch.arange(len(train)), config.take)]
    if rows["validation"] and not len(train):
        raise Refusal("every training picture is a copy of one that is held back; none is left.")
    if not rows["validation"]:
        held = torch.tensor(
            split_units([units[row] for row in train.tolist()], config.validation, "validation")
        )
        rows["validation"] = train[held].tolist()
        train = train[~held]
    return {
        "train": train,
        "validation": torch.tensor(rows["validation"], dtype=torch.int64),
        "test": torch.tensor(rows["test"], dtype=torch.int64),
    }, notes


def remarks_on(source: Source, size: int, others: int) -> list[str]:
    """What is unusual about the files and the pictures' sizes."""
    remarks = []
    if others:
        remarks.append(
            f"{counted(others, 'file that is no picture is', 'files that are not pictures are')} ignored."
        )
    bad = source.quarantine()
    if bad:
        remarks.append(
            counted(len(bad), "file cannot be read and is", "files cannot be read and are")
            + f" set aside, such as {bad[0]}."
        )
    small = int((source.sizes.min(dim=1).values < size).sum())
    if small:
        remarks.append(
            counted(small, f"of {len(source)} pictures has", f"of {len(source)} pictures have")
            + f" a side below {size} pixels, the size of the "
            "views; their crops are enlarged."
        )
    return remarks
