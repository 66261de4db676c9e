"""Pictures of another data set, as an encoder sees them that was taught on this one."""

from dataclasses import replace
from pathlib import Path

from selftaught import config
from selftaught.data import Splits, shared_splits
from selftaught.data.channels import with_channels
from selftaught.errors import Refusal
from selftaught.types import Names
from selftaught.views.engine import Views


def several(names: Names) -> tuple[str, ...]:
    """The names that were given: one, several or, for "", none; each once."""
    given = (names,) if isinstance(names, str) else names
    return tuple(dict.fromkeys(name for name in given if name))


def opened(name: str, beside: Splits) -> Splits:
    """Another data set, with the channels of this one.

    Args:
        name: a built-in set, or the path of a folder of pictures.
        beside: the data set that the encoder was taught on.

    Raises:
        Refusal: there is no such set, it is this one, or its channels cannot be shown to the encoder.
    """
    if name == beside.name:
        raise Refusal(f"{name} is the set that the encoder was taught on; name another one.")
    found = shared_splits(config.Data(name=name, root=beside.root))
    channels = beside.train.channels
    return replace(
        found,
        train=with_channels(found.train, channels, name),
        validation=with_channels(found.validation, channels, name),
        test=None if found.test is None else with_channels(found.test, channels, name),
        unlabelled=None,
    )


def seen_by(clean: Views, other: Splits) -> Views:
    """The clean view of another set's pictures: cut to the encoder's size, normalised as for its own."""
    return Views.clean(
        size=clean.size,
        channels=clean.channels,
        levels=other.train.levels,
        mean=clean.mean,
        std=clean.std,
    )


def keys(names: Names) -> dict[str, str]:
    """Each set's name as part of a key: the last part of a path, where no other set's is the same."""
    last = {name: Path(name).name or name for name in several(names)}
    shared = {key for key in last.values() if list(last.values()).count(key) > 1}
    return {name: name if key in shared else key for name, key in last.items()}


def refusal(names: Names, beside: Splits, key: str) -> str | None:
    """Why these sets cannot be had, in a sentence; None where they can."""
    if not several(names):
        return f"it needs other pictures; name them, for example {key}=digits,cifar10."
    try:
        for name in several(names):
            opened(name, beside)
    except Refusal as reason:
        return str(reason)
    return None
