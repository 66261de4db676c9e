"""Pictures of the atlas, as the templates show them."""

from typing import Any

from jaxtyping import Float, Int
from numpy import ndarray

from selftaught.reports.contestants import Atlas, Comparison, Contestant, RunFolder


def tile(atlas: Atlas, index: int) -> dict[str, Any]:
    """Where a picture stands on the sheet, and its class."""
    row, column = divmod(index, atlas.columns)
    return {"index": index, "row": row, "column": column, "class": class_name(atlas, index)}


def class_name(atlas: Atlas, index: int) -> str:
    """The written class of a picture."""
    return label_name(atlas, int(atlas.labels[index]))


def label_name(atlas: Atlas, label: int) -> str:
    """The written name of a class; its number where it has none."""
    return atlas.classes[label] if 0 <= label < len(atlas.classes) else str(label)


def placed(
    comparison: Comparison,
) -> list[tuple[Contestant, RunFolder, Float[ndarray, "n d"]]]:
    """The contestants with the first of their runs that has features of the atlas' pictures."""
    found = ((each, each.first("features")) for each in comparison.contestants)
    return [
        (contestant, run, run.features)
        for contestant, run in found
        if run is not None and run.features is not None
    ]


def read(comparison: Comparison) -> list[tuple[Contestant, Int[ndarray, " n"]]]:
    """The contestants with the classes that the first such run's probe gave the atlas' pictures."""
    found = ((each, each.first("predictions")) for each in comparison.contestants)
    return [
        (contestant, run.predictions)
        for contestant, run in found
        if run is not None and run.predictions is not None
    ]
