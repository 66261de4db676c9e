"""Selftaught: teach an image encoder from pictures nobody labelled, and learn which method taught it best.

import selftaught

run = selftaught.train("byol", data="./pictures", epochs=100)
features = selftaught.load(run).embed("./pictures")
selftaught.compare("simclr", "byol", "vicreg", data="shapes", seeds=3)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selftaught.interface import (
        bench,
        compare,
        embed,
        evaluate,
        examine,
        load,
        log,
        rank,
        report,
        train,
        watch,
    )

__all__ = [
    "bench",
    "compare",
    "embed",
    "evaluate",
    "examine",
    "load",
    "log",
    "rank",
    "report",
    "train",
    "watch",
]


def __getattr__(name: str) -> Any:
    # Imported when first asked for, so that `import selftaught` costs nothing.
    if name not in __all__:
        raise AttributeError(f"module 'selftaught' has no attribute '{name}'")
    from selftaught import interface

    return getattr(interface, name)


def __dir__() -> list[str]:
    return __all__
