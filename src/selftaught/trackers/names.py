"""Which trackers there are, and the packages that they need: extras, none of which a plain install brings."""

from collections.abc import Iterable
from importlib import import_module, util

from selftaught.errors import Refusal, suggest
from selftaught.trackers.tracker import Tracker

NAMES = {"tensorboard": "tensorboardX", "wandb": "wandb", "mlflow": "mlflow"}
"""Each, and the package that it needs; its module in this room has the same name."""


def check(asked: str | Iterable[str]) -> tuple[str, ...]:
    """The trackers that were asked for, each once; ``"tensorboard,mlflow"`` or a list.

    Raises:
        Refusal: there is no such tracker, or its package is not installed.
    """
    asked = asked.split(",") if isinstance(asked, str) else asked
    names = tuple(dict.fromkeys(name.strip() for name in asked if name.strip()))
    for name in names:
        if name not in NAMES:
            raise Refusal(f"There is no tracker '{name}'; {suggest(name, NAMES)}")
        package = NAMES[name]
        found = util.find_spec(package)
        if found is None or found.origin is None:  # a folder ``wandb`` of logs is no package
            raise Refusal(
                f"To tell {name}, the package {package} is needed, which is not installed: "
                f"pip install {package}"
            )
    return names


def kind(name: str) -> type[Tracker]:
    """The class of a tracker; importing it imports its package."""
    found: type[Tracker] = import_module(f"selftaught.trackers.{name}").Teller
    return found
