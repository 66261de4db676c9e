"""Maps that were drawn once, kept as ``maps.json`` beside the features that they show.

t-SNE takes seconds for each contestant, and a page is written again far more often than features change.
"""

import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from selftaught.reports import maps
from selftaught.reports.contestants import Comparison, DrawnMaps, RunFolder
from selftaught.reports.packing import packed_positions
from selftaught.runs import write_json

FILE = "maps.json"

BYTES_A_PLACE = 4
"""Two numbers of 16 bits."""


@dataclass(frozen=True)
class Settings:
    """What the drawing depends on beside the features: with another value, kept maps are drawn anew."""

    drawing: int = maps.DRAWING
    most: int = maps.TSNE_AT_MOST
    least: int = maps.TSNE_AT_LEAST
    perplexity: float = maps.PERPLEXITY
    dimensions: int = maps.DIMENSIONS
    angle: float = maps.ANGLE
    iterations: int = maps.ITERATIONS


def with_maps(comparison: Comparison, *, keep: bool) -> Comparison:
    """The comparison with the maps of each contestant's first run that has features.

    Args:
        comparison: as the page shows it; without an atlas there is nothing to draw.
        keep: write maps that had to be drawn into the run folders.
    """
    if comparison.atlas is None:
        return comparison
    contestants = []
    for contestant in comparison.contestants:
        first = contestant.first("features")
        runs = [_drawn(run, keep=keep) if run is first else run for run in contestant.runs]
        contestants.append(replace(contestant, runs=runs))
    return replace(comparison, contestants=contestants)


def _drawn(run: RunFolder, *, keep: bool) -> RunFolder:
    assert run.features is not None
    mark = _mark(run.features)
    found = None if run.folder is None else _read(run.folder / FILE, mark, len(run.features))
    if found is None:
        found = _draw(run.features)
        if keep and run.folder is not None:
            with suppress(OSError):  # where nothing can be written they are drawn again next time
                write_json(run.folder / FILE, {"of": mark, **asdict(found)})
    return replace(run, maps=found)


def _draw(features: Float[ndarray, "n d"]) -> DrawnMaps:
    components = maps.principal_components(features)
    embedding = maps.neighbour_embedding(features)
    return DrawnMaps(
        share=None if components is None else round(100 * (components.share or 0.0)),
        pca=None if components is None else packed_positions(components.positions),
        tsne=None if embedding is None else packed_positions(embedding.positions),
    )


def _mark(features: Float[ndarray, "n d"]) -> str:
    """A word that changes with the features and with how they are drawn."""
    written = json.dumps([asdict(Settings()), features.shape, str(features.dtype)])
    content = hashlib.sha256(written.encode())
    content.update(np.ascontiguousarray(features).tobytes())
    return content.hexdigest()


def _read(path: Path, mark: str, amount: int) -> DrawnMaps | None:
    """What lies there; None where it is absent, spoilt, or of other features or settings."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["of"] != mark:
            return None
        share = kept["share"]
        pca = _places(kept["pca"], amount)
        tsne = _places(kept["tsne"], min(amount, maps.TSNE_AT_MOST))
        return DrawnMaps(None if share is None else int(share), pca, tsne)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _places(text: Any, amount: int) -> str | None:
    """The same text if it holds a place for each picture, or None if it is None.

    Raises:
        ValueError: it holds something else.
        TypeError: it is no text.
    """
    if text is None:
        return None
    if len(base64.b64decode(text, validate=True)) != BYTES_A_PLACE * amount:
        raise ValueError("another number of pictures")
    return str(text)
