"""Where the public sets lie, and what to say when they cannot be had."""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from selftaught.errors import Refusal

T = TypeVar("T")


def data_root(root: str | None) -> Path:
    """The folder of the public sets: as given, else SELFTAUGHT_DATA, else in the user's cache."""
    given = root or os.environ.get("SELFTAUGHT_DATA")
    if given:
        return Path(given).expanduser()
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    elif sys.platform == "darwin":
        cache = Path("~/Library/Caches")
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return cache.expanduser() / "selftaught" / "data"


def found_or_downloaded(
    read: Callable[[bool], T], name: str, files: str, root: Path, origin: str
) -> T:
    """What ``read(download=False)`` finds, or else what ``read(download=True)`` fetches.

    Raises:
        Refusal: the files are neither there, whole, nor to be had from the network.
    """
    try:
        return read(False)
    except RuntimeError:  # torchvision's word for files that are missing or fail their checksum
        pass
    try:
        # Downloads talk on stdout, which may be promised to JSON alone.
        with contextlib.redirect_stdout(sys.stderr):
            root.mkdir(parents=True, exist_ok=True)
            return read(True)
    except (OSError, RuntimeError, EOFError) as error:
        raise Refusal(
            f"'{name}' is not (whole) in {root} and cannot be downloaded ({error}); get "
            f"{files} from {origin} and place it in {root}, or name another folder with "
            "--data-root or SELFTAUGHT_DATA."
        ) from error
