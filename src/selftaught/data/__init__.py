"""Data sets: files to integer pictures, with splits that never move."""

import os
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from selftaught.config import Data
from selftaught.data.joined import join
from selftaught.data.resident import Resident
from selftaught.data.source import Crop, Fetched, Request, Source, Splits
from selftaught.errors import Refusal, suggest

__all__ = [
    "BUILT_IN",
    "Crop",
    "Fetched",
    "Request",
    "Resident",
    "Source",
    "Splits",
    "join",
    "open_splits",
    "shared_splits",
]

BUILT_IN = {
    "cifar10": "cifar",
    "cifar100": "cifar",
    "digits": "digits",
    "imagenet": "imagenet",
    "shapes": "shapes",
    "stl10": "stl10",
}
"""Built-in sets, and the module that opens each with ``open_NAME(config)``."""


def open_splits(config: Data) -> Splits:
    """The data set that a configuration names: a built-in one, or else a folder of pictures.

    A built-in name wins over a folder of that name, with a note; ``./shapes`` means the folder.

    Raises:
        Refusal: no set or folder has that name, or it cannot be used.
    """
    folder = Path(config.name).expanduser()
    if config.name in BUILT_IN:
        if config.labels is not None:
            raise Refusal(
                f"data.labels={config.labels} belongs to a folder, but '{config.name}' is "
                "a built-in set with labels of its own; "
                f"write ./{config.name} for a folder of that name."
            )
        module = import_module(f"selftaught.data.{BUILT_IN[config.name]}")
        splits: Splits = getattr(module, f"open_{config.name}")(config)
        splits = replace(splits, root=config.root)
        if not folder.is_dir():
            return splits
        note = f"'{config.name}' is the built-in set; write ./{config.name} for the folder."
        return replace(splits, notes=(note, *splits.notes))
    if not folder.exists() and len(folder.parts) == 1 and not config.name.startswith("."):
        raise Refusal(
            f"'{config.name}' is neither a built-in data set nor a folder here ({Path.cwd()}): "
            + suggest(config.name, BUILT_IN)
        )
    from selftaught.data.folder import open_folder

    return replace(open_folder(config), root=config.root)


def shared_splits(config: Data) -> Splits:
    """``open_splits``, kept: the runs of a process share their pictures in memory, while no file changes.

    Raises:
        Refusal: as ``open_splits``.
    """
    return _kept(config, _state(config))


@lru_cache(maxsize=3)
def _kept(config: Data, state: object) -> Splits:
    return open_splits(config)


def _state(config: Data) -> object:
    """What opening would find: of a folder the size and time of each picture, of a public set where it lies."""
    folder = Path(config.name).expanduser()
    if config.name in BUILT_IN or not folder.is_dir():
        return os.environ.get("SELFTAUGHT_DATA")
    from selftaught.data.labels import list_pictures

    try:
        files = [folder / name for name in list_pictures(config.name).names]
    except Refusal:
        return None  # opening will say so
    if config.labels is not None:
        files.append(Path(config.labels).expanduser())
    found = ((str(file), file.stat()) for file in files if file.exists())
    return hash((folder.resolve(), tuple((f, s.st_size, s.st_mtime_ns) for f, s in found)))
