"""Copies and near-duplicates: within each side of the division, and between its sides, where they flatter."""

import csv
import io
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from selftaught.doctor import likeness
from selftaught.doctor.album import ASIDE, PARTS, Album
from selftaught.doctor.measures import BITS

LEAST_SIDE = 16
"""Pictures with a shorter side have too few pixels to tell one shot from two alike; only copies are
looked for."""

SHOWN = 50
"""Pairs that are named; all are counted."""


@dataclass(frozen=True)
class Twins:
    """What was found.

    Attributes:
        first, second: rows of the album, of each pair of near-duplicates or of a picture and its first copy.
        likeness: of the details, at most 1.
        copy: which are copies.
        families: a number for each picture; those of one family are linked by pairs.
        searched: whether near-duplicates were looked for.
    """

    first: Int64[ndarray, " p"]
    second: Int64[ndarray, " p"]
    likeness: ndarray
    copy: Bool[ndarray, " p"]
    families: Int64[ndarray, " n"]
    searched: bool


def find(album: Album) -> Twins:
    """All copies, and near-duplicates of one picture of each."""
    _, original, content = np.unique(
        album.measures.digests, axis=0, return_index=True, return_inverse=True
    )
    content = content.reshape(-1)
    first_of = original[content]
    copies = np.flatnonzero(first_of != np.arange(len(content)))
    searched = len(album.sizes) > 0 and np.median(album.sizes.min(axis=1)) >= LEAST_SIDE
    firsts, seconds, likes = [copies], [first_of[copies]], [np.ones(len(copies))]
    if searched:
        # One of each content on each side: a picture and its copy would find the same pairs.
        sides = {part: _distinct(album.rows(part), content) for part in album.present}
        for one, other in [(p, p) for p in sides] + list(combinations(sides, 2)):
            mine, theirs = sides[one], sides[other]
            pairs = likeness.near_duplicates(
                album.measures[mine], None if one == other else album.measures[theirs]
            )
            i, j = mine[pairs.first], theirs[pairs.second]
            apart = content[i] != content[j]
            firsts.append(i[apart])
            seconds.append(j[apart])
            likes.append(pairs.likeness[apart])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    number = len(content)
    links = coo_matrix((np.ones(len(first)), (first, second)), shape=(number, number))
    families = connected_components(links, directed=False)[1].astype(np.int64)
    copy = np.arange(len(first)) < len(copies)
    return Twins(first, second, np.concatenate(likes), copy, families, bool(searched))


def _distinct(rows: Int64[ndarray, " m"], content: Int64[ndarray, " n"]) -> Int64[ndarray, " k"]:
    """The first row of each content."""
    return rows[np.sort(np.unique(content[rows], return_index=True)[1])]


def described(album: Album, twins: Twins) -> dict[str, Any]:
    """Counts and examples, as JSON."""
    content = np.unique(album.measures.digests, axis=0, return_inverse=True)[1].reshape(-1)
    present = [part for part in album.present if part != ASIDE]
    return {
        "settings": {
            "bits": BITS,
            "radius": likeness.RADIUS,
            "alike": likeness.ALIKE,
            "same_colour": likeness.SAME_COLOUR,
            "candidates": likeness.CANDIDATES,
        },
        "searched": twins.searched,
        "within": [_within(album, twins, content, part) for part in present],
        "between": [
            _between(album, twins, content, held, known) for held, known in _relations(present)
        ],
        "other_label": {
            "copies": _contradictions(album, twins, copies=True),
            "near": _contradictions(album, twins, copies=False),
        },
    }


def _relations(present: list[str]) -> list[tuple[str, str]]:
    """Which side must not know the other: test and validation what is learnt from, test validation too."""
    learnt, held = PARTS[:2], PARTS[2:]
    pairs = [(each, known) for each in reversed(held) for known in learnt]
    return [
        (each, known)
        for each, known in [*pairs, ("test", "validation")]
        if each in present and known in present
    ]


def _within(album: Album, twins: Twins, content: ndarray, part: str) -> dict[str, Any]:
    rows = album.rows(part)
    distinct = len(np.unique(content[rows]))
    inside = (album.parts[twins.first] == part) & (album.parts[twins.second] == part)
    near = inside & ~twins.copy
    alike = np.unique(np.concatenate([twins.first[near], twins.second[near]]))
    sizes = np.bincount(twins.families[rows])
    return {
        "part": part,
        "pictures": len(rows),
        "copies": len(rows) - distinct,
        "near": len(np.unique(content[alike])),
        "families": int((sizes > 1).sum()),
        "largest_family": int(sizes.max(initial=0)),
    }


def _between(album: Album, twins: Twins, content: ndarray, held: str, known: str) -> dict[str, Any]:
    rows = album.rows(held)
    copies = rows[np.isin(content[rows], content[album.rows(known)])]
    one, other = twins.first, twins.second
    ahead = (album.parts[one] == held) & (album.parts[other] == known)
    behind = (album.parts[one] == known) & (album.parts[other] == held)
    near = ~twins.copy
    mine = np.concatenate([one[ahead & near], other[behind & near]])
    theirs = np.concatenate([other[ahead & near], one[behind & near]])
    like = np.concatenate([twins.likeness[ahead & near], twins.likeness[behind & near]])
    # What holds of one picture holds of its copies.
    alike = rows[np.isin(content[rows], content[mine]) & ~np.isin(rows, copies)]
    of_content = {int(content[row]): int(row) for row in reversed(album.rows(known).tolist())}
    pairs = [(int(row), of_content[int(content[row])], 1.0, True) for row in copies.tolist()]
    best: dict[int, tuple[int, float]] = {}
    for k in np.argsort(-like, kind="stable").tolist():
        best.setdefault(int(mine[k]), (int(theirs[k]), float(like[k])))
    pairs += [(i, j, likeness_of, False) for i, (j, likeness_of) in best.items()]
    return {
        "of": held,
        "in": known,
        "pictures": len(rows),
        "copies": len(copies),
        "near": len(alike),
        "share": (len(copies) + len(alike)) / max(len(rows), 1),
        "pairs": [
            {
                "picture": album.names[i],
                "twin": album.names[j],
                "copy": copy,
                "likeness": round(like, 3),
            }
            for i, j, like, copy in pairs[:SHOWN]
        ],
    }


def _contradictions(album: Album, twins: Twins, *, copies: bool) -> dict[str, Any]:
    """Pairs that are one picture, or one shot, and have two labels."""
    mine, theirs = album.labels[twins.first], album.labels[twins.second]
    some = (mine != theirs) & (mine >= 0) & (theirs >= 0) & (twins.copy == copies)
    found = np.flatnonzero(some)
    return {
        "pairs": len(found),
        "examples": [
            {
                "picture": album.names[twins.first[k]],
                "label": album.classes[mine[k]],
                "twin": album.names[twins.second[k]],
                "other_label": album.classes[theirs[k]],
            }
            for k in found[:SHOWN].tolist()
        ],
    }


def groups_file(album: Album, twins: Twins) -> str:
    """A CSV for ``data.labels``, with whose groups no family lies on two sides of the division.

    Groups that were given already stay together, too.
    """
    tags, first, second = album.tags, twins.first, twins.second
    if album.groups is not None:
        named = np.flatnonzero(album.groups >= 0)
        _, original = np.unique(album.groups[named], return_index=True)
        first = np.concatenate([first, named])
        second = np.concatenate([second, named[original][album.groups[named]]])
    number = len(album.names)
    links = coo_matrix((np.ones(len(first)), (first, second)), shape=(number, number))
    families = connected_components(links, directed=False)[1]
    sizes = np.bincount(families)
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "label", "group"])
    for name, family in zip(album.names, families.tolist(), strict=True):
        group = f"family-{family}" if sizes[family] > 1 else ""
        table.writerow([name, tags.labels.get(name, "") if tags else "", group])
    return text.getvalue()
