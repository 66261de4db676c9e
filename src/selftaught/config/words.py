"""What is typed: values, ``a.b=c``, and contestants with overrides of their own."""

from collections.abc import Iterable
from typing import Any

import yaml

from selftaught.errors import Refusal


def parse(text: str) -> Any:
    """The value of an override as YAML reads it; ``25,0,1`` is the list ``[25, 0, 1]``."""
    try:
        value = yaml.safe_load(text)
        if isinstance(value, str) and "," in value:
            value = yaml.safe_load(f"[{value}]")
    except yaml.YAMLError:
        raise Refusal(
            f"'{text}' cannot be read as a value; write a number, a word or a,b,c."
        ) from None
    # YAML 1.1 reads 1e-4 as a word; everyone who writes it means a number.
    return _numbers(value)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def split_overrides(words: Iterable[str]) -> dict[str, Any]:
    """``["a.b=1", "c=2,3"]`` to ``{"a.b": 1, "c": [2, 3]}``."""
    overrides = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise Refusal(f"'{word}' is not an override; write key=value, for example batch=128.")
        overrides[key.strip()] = parse(value.strip())
    return overrides


def contestant(text: str) -> tuple[str, dict[str, Any]]:
    """``byol:momentum=0,0;epochs=20`` to the method's name and its overrides."""
    name, _, rest = text.partition(":")
    if not name.strip():
        raise Refusal(f"'{text}' names no method; write METHOD or METHOD:key=value;key=value.")
    if "=" in name:
        raise Refusal(
            f"'{text}' is no method but an override; give --set {text.strip()} for all contestants, or "
            "METHOD:key=value for one."
        )
    return name.strip(), split_overrides(word for word in rest.split(";") if word.strip())
