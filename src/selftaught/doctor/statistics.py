"""What there is: counts, sizes, files, classes, groups, brightness and colour, as JSON."""

from collections import Counter
from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from selftaught.data.files import Kind
from selftaught.doctor.album import Album
from selftaught.doctor.likeness import GREY

PLAIN = 4 / 255
"""Contrast (the standard deviation of the grey pixels) below which a picture is nearly constant."""

DARK, BRIGHT = 0.1, 0.9
"""Mean brightness below and above which a picture is very dark and very bright."""

BINS = 12
SHOWN = 50
"""Files that are named in a list; all are counted."""


def counts(album: Album) -> dict[str, Any]:
    """Pictures, on each side, with and without labels."""
    splits = album.splits
    return {
        "pictures": len(album.names),
        "labelled": int((album.labels >= 0).sum()),
        "parts": {
            part: {
                "pictures": len(rows := album.rows(part)),
                "labelled": int((album.labels[rows] >= 0).sum()),
            }
            for part in album.present
        },
        "notes": list(splits.notes) if splits else [],
    }


def sizes(album: Album) -> dict[str, Any]:
    """Sides in pixels, and how the shorter ones are spread over bins of equal ratio."""
    if not len(album.sizes):
        return {}
    short, long = album.sizes.min(axis=1), album.sizes.max(axis=1)
    return {
        "height": _three(album.sizes[:, 0]),
        "width": _three(album.sizes[:, 1]),
        "short_side": _three(short),
        "longest_to_shortest": float((long / short).max()),
        "distinct": len(np.unique(album.sizes, axis=0)),
        "histogram": histogram(short),
    }


def _three(values: Int64[ndarray, " n"]) -> dict[str, int]:
    return {
        "min": int(values.min()),
        "median": int(np.median(values)),
        "max": int(values.max()),
    }


def histogram(values: Int64[ndarray, " n"]) -> list[dict[str, int]]:
    """Bins from ``least`` to ``most``, both included, and how many values lie in each; empty ends are
    left out."""
    low, high = int(values.min()), int(values.max())
    if low == high:
        return [{"least": low, "most": high, "pictures": len(values)}]
    edges = np.unique(
        np.geomspace(low, high + 1, min(BINS, high - low + 1) + 1).round().astype(int)
    )
    found, _ = np.histogram(values, edges)
    return [
        {"least": int(least), "most": int(after) - 1, "pictures": int(count)}
        for least, after, count in zip(edges[:-1], edges[1:], found, strict=True)
    ]


def kinds(album: Album) -> list[dict[str, Any]]:
    """Channels and bits, each with how many pictures have them, the most frequent first."""
    if album.looks:
        found = Counter(
            Kind(look.header.channels, look.header.levels)
            for look in album.looks
            if look.header is not None and look.measures is not None
        )
    else:
        assert album.splits is not None
        train = album.splits.train
        found = Counter({Kind(train.channels, train.levels): len(album.names)})
    return [
        {
            "channels": kind.channels,
            "bits": kind.levels.bit_length(),
            "pictures": count,
        }
        for kind, count in found.most_common()
    ]


def files(album: Album) -> dict[str, Any] | None:
    """Formats, what cannot be read and why, endings that lie, animations; None for a built-in set."""
    if album.listing is None:
        return None
    bad = [look for look in album.looks if look.trouble is not None]
    misnamed = [look for look in album.looks if look.misnamed]
    animated = [look.name for look in album.looks if look.animated and look.trouble is None]
    seconds = [look.seconds for look in album.looks if look.measures is not None]
    return {
        "files": len(album.looks),
        "bytes": sum(look.size for look in album.looks),
        "formats": dict(
            Counter(look.format for look in album.looks if look.format is not None).most_common()
        ),
        "ignored": dict(album.listing.ignored),
        "unreadable": len(bad),
        "unreadable_files": [
            {"file": look.name, "reason": look.trouble or ""} for look in bad[:SHOWN]
        ],
        "reasons": dict(Counter(_kind_of_reason(look.trouble or "") for look in bad).most_common()),
        "misnamed": len(misnamed),
        "misnamed_files": [{"file": look.name, "format": look.format} for look in misnamed[:SHOWN]],
        "animated": len(animated),
        "animated_files": animated[:SHOWN],
        "seconds_a_file": float(np.median(seconds)) if seconds else None,
    }


def _kind_of_reason(text: str) -> str:
    """A reason without its numbers, so that like ones are counted together."""
    return " ".join(word for word in text.partition(" (")[0].split() if not word.isdigit())


def classes(album: Album) -> dict[str, Any] | None:
    """How many pictures of each class there are, on each side; None without labels."""
    if not album.classes or not (album.labels >= 0).any():
        return None
    table = {
        part: np.bincount(labels[labels >= 0], minlength=len(album.classes)).tolist()
        for part in album.present
        if len(labels := album.labels[album.rows(part)])
    }
    total = np.sum(list(table.values()), axis=0)
    there = total[total > 0]
    return {
        "names": list(album.classes),
        "pictures": total.tolist(),
        "parts": table,
        "largest_to_smallest": float(there.max() / there.min()),
    }


def groups(album: Album) -> dict[str, Any] | None:
    """How many pictures share a group; None without a column that names groups."""
    if album.groups is None:
        return None
    numbers = np.bincount(album.groups[album.groups >= 0])
    return {
        "groups": len(numbers),
        "pictures": int(numbers.sum()),
        "median": float(np.median(numbers)),
        "largest": int(numbers.max()),
    }


def colour(album: Album) -> dict[str, Any]:
    """Brightness, contrast and colour of all pictures; shares are of pictures."""
    measures = album.measures
    if not len(measures):
        return {}
    mean = np.nanmean(measures.mean, axis=0, dtype=np.float64)
    square = np.nanmean(measures.square, axis=0, dtype=np.float64)
    brightness = measures.brightness
    coloured = ~np.isnan(measures.colour)
    plain = np.flatnonzero(measures.contrast < PLAIN)
    dark, bright = np.flatnonzero(brightness < DARK), np.flatnonzero(brightness > BRIGHT)
    return {
        "mean": mean.round(4).tolist(),
        "std": np.sqrt(np.maximum(square - mean**2, 0)).round(4).tolist(),
        "brightness": _quantiles(brightness),
        "contrast": _quantiles(measures.contrast),
        "brightest_pixel": float(measures.brightest.max()),
        "three_channels": int(coloured.sum()),
        "grey": int((measures.colour[coloured] < GREY).sum()),
        "plain": len(plain),
        "plain_files": [album.names[row] for row in plain[:SHOWN]],
        "dark": len(dark),
        "dark_files": [album.names[row] for row in dark[:SHOWN]],
        "bright": len(bright),
        "bright_files": [album.names[row] for row in bright[:SHOWN]],
    }


def _quantiles(values: ndarray) -> dict[str, float]:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95]).round(4).tolist()
    return {"5%": low, "median": middle, "95%": high}
