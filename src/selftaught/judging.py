"""How encoders are judged: protocols with their parameters, published values unless it is asked otherwise.

``knn.k=10`` changes the parameter ``k`` of the protocol ``knn``. Everything is checked without importing torch.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from selftaught import catalogue, config
from selftaught.errors import Refusal, suggest

Changes = Mapping[str, Mapping[str, Any]]
"""Protocol to those of its parameters that differ from the published ones."""

NOTHING: Changes = MappingProxyType({})


@cache
def _model(name: str) -> type[BaseModel]:
    fields: dict[str, Any] = {
        key: (parameter.annotation, parameter.default)
        for key, parameter in catalogue.protocol(name).parameters.items()
    }
    strict = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    return create_model("Parameters", __config__=strict, **fields)


def parameters(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter of a protocol, with some changed.

    Raises:
        Refusal: no such protocol or parameter (with the nearest), or a value out of range.
    """
    known = catalogue.protocol(name).parameters
    for key in changes:
        if key not in known:
            raise Refusal(_unknown(f"{name}.{key}", [name]))
    try:
        found = _model(name)(**changes)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        message = first["msg"][0].lower() + first["msg"][1:]
        raise Refusal(f"{name}.{key}={changes[key]!r} cannot be used: {message}.") from None
    return {key: getattr(found, key) for key in known}


def resolve(names: Iterable[str], changes: Changes = NOTHING) -> dict[str, dict[str, Any]]:
    """Protocols, ``all`` among them, each with every parameter.

    Raises:
        Refusal: see ``parameters``; or a protocol's parameters are changed that is not among them.
    """
    chosen = catalogue.asked_protocols(names)
    for name in changes:
        if name not in chosen:
            key = next(iter(changes[name]), "...")
            raise Refusal(
                f"'{name}.{key}' is for the protocol {catalogue.protocol(name).name}, which was not "
                f"asked for; give --protocols {','.join([*chosen, name])}."
            )
    return {name: parameters(name, changes.get(name, {})) for name in chosen}


def written(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What results.json says of parameters: all of them, and apart those that are not the published ones."""
    plain = _plain(values)
    published = _plain(catalogue.protocol(name).defaults())
    changed = {key: value for key, value in plain.items() if value != published[key]}
    return {"parameters": plain, **({"changed": changed} if changed else {})}


def same(name: str, result: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a protocol's part of results.json was read with these parameters.

    Results of versions that had no parameters were read with the published ones.
    """
    known = result.get("parameters", _plain(catalogue.protocol(name).defaults()))
    return bool(known == _plain(values))


def apart(overrides: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Dotted keys that are a protocol's parameters, and the rest, which describes runs.

    Raises:
        Refusal: a dotted key is neither; the sentence names the nearest.
    """
    ours: dict[str, dict[str, Any]] = {}
    rest: dict[str, Any] = {}
    for key, value in overrides.items():
        first, dot, inner = key.partition(".")
        if first in catalogue.protocols():
            if not dot:
                raise Refusal(_unknown(key, [first]))
            ours.setdefault(first, {})[inner] = value
        elif dot and first not in config.Run.model_fields:
            branches = [*catalogue.protocols(), *config.Run.model_fields]
            raise Refusal(
                f"There is no '{first}' that '{key}' could set; {suggest(first, branches)}"
            )
        else:
            rest[key] = value
    return ours, rest


def only(overrides: Mapping[str, Any], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Dotted keys that must all be parameters of protocols.

    Raises:
        Refusal: one is not; the sentence names the nearest among those of ``names``.
    """
    for key in overrides:
        if key.partition(".")[0] not in catalogue.protocols() or "." not in key:
            raise Refusal(_unknown(key, catalogue.asked_protocols(names)))
    return apart(overrides)[0]


def _unknown(key: str, names: Iterable[str]) -> str:
    """The sentence on a key that no protocol has."""
    names = list(names)
    known = [f"{name}.{inner}" for name in names for inner in catalogue.protocol(name).parameters]
    own = [choice for choice in known if choice.partition(".")[2] == key]
    whose = names[0] if len(names) == 1 else "no protocol here"
    says = f"{whose} has no parameter" if len(names) == 1 else f"{whose} has a parameter"
    if not known:
        return f"{says} '{key}', nor any other."
    end = f"did you mean '{own[0]}'?" if own else suggest(key, known)
    return f"{says} '{key}'; {end}"


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back: tuples are lists."""
    found: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return found
