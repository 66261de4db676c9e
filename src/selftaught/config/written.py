"""A run on the disk, and what tells two runs apart."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from selftaught.config.tree import Run, of_tree
from selftaught.errors import Refusal


def read(path: Path) -> Run:
    """A run that was written down (``run.yaml`` of a run folder).

    Raises:
        Refusal: the file is missing or was not written by this package.
    """
    try:
        return of_tree(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Refusal(f"{path.parent} is not a run folder: it has no {path.name}.") from None
    except (yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise Refusal(
            f"{path} cannot be read as a run ({_reason(error)}). Put back what was there, or move "
            f"{path.parent} aside."
        ) from None


def _reason(error: Exception) -> str:
    """What is wrong, and where."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return "it does not name its method"


def write(run: Run, path: Path) -> None:
    """Write a run down as YAML."""
    path.write_text(yaml.safe_dump(run.model_dump(mode="json"), sort_keys=False), encoding="utf-8")


def differences(mine: Run, theirs: Run) -> list[str]:
    """Dotted keys whose values decide the result and differ, as ``key: theirs, now mine``."""
    a, b = _flatten(theirs.decisive()), _flatten(mine.decisive())
    if all(is_path(each["data.name"]) for each in (a, b)) and _place(a) == _place(b):
        a["data.name"] = b["data.name"]
    return [
        f"{k}: {a.get(k)!r}, now {b.get(k)!r}" for k in sorted({*a, *b}) if a.get(k) != b.get(k)
    ]


def is_path(data: str) -> bool:
    """Whether the name of a data set says that it is a folder: ``./shapes``, where ``shapes`` is built in."""
    return "/" in data or "\\" in data or data.startswith((".", "~"))


def _place(flat: Mapping[str, Any]) -> Path:
    return Path(flat["data.name"]).expanduser().resolve()


def _flatten(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= (
            _flatten(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
        )
    return flat


def fingerprint(run: Run, *, beside: Run) -> str:
    """Eight letters for what a run changes against its plain recipe; empty when nothing."""
    changed = differences(run, beside.model_copy(update={"seed": run.seed}))
    if not changed:
        return ""
    return hashlib.sha256(json.dumps(changed).encode()).hexdigest()[:8]
