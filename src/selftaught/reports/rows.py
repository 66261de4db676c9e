"""What a row of ``comparison.json`` says: who ran, and what its run folder knows by now."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from selftaught import catalogue, config

MEASURED = ("seconds", "pictures_per_second", "pictures_seen", "pixels_seen", "peak_memory_bytes")


def blank(contestant: str, run: config.Run, seed: int | None, folder: Path) -> dict[str, Any]:
    """A row that knows nothing yet but who it is.

    Args:
        contestant: as the user wrote it, overrides included.
        run: its configuration.
        seed: None where every seed gives the same.
        folder: where it lies, relative to the comparison's directory.
    """
    entry = catalogue.entry(run.method.name)
    return {
        "contestant": contestant,
        "method": entry.name,
        "family": entry.family,
        "encoder": architecture(run),
        "sees_labels": sees_labels(run),
        "seed": seed,
        "folder": folder.as_posix(),
        "tuning_trials": run.measured.trials,
        "results": {},
        **dict.fromkeys(MEASURED),
        "revision": None,
        "verdict": None,
        "verdict_text": None,
        "test_readings": None,
        "error": None,
    }


def architecture(run: config.Run) -> str | None:
    """The encoder in a word, with what was chosen of a ViT (``vit_micro/8 (mean)``); None for one of its own.

    What differs here is ranked apart, and has an untrained encoder of its own.
    """
    if catalogue.entry(run.method.name).own_encoder:
        return None
    chosen = run.encoder
    name = chosen.name + (f"/{chosen.patch}" if chosen.patch else "")
    more: list[str] = [chosen.pool] if chosen.pool != "class" else []
    more += [f"{chosen.positions} positions"] if chosen.positions != "learnt" else []
    return f"{name} ({', '.join(more)})" if more else name


def sees_labels(run: config.Run) -> bool:
    """Whether the method learns from labels."""
    return bool(catalogue.entry(run.method.name).needs.get("labels"))


def facts(
    results: dict[str, Any], split: str | None, protocols: Iterable[str] | None = None
) -> dict[str, Any]:
    """What a run folder's results add to its row.

    Args:
        protocols: the ones that the comparison asked for; a run may have been judged by more. None takes
            all that are there.
    """
    known = results.get(split or "", {})
    asked = known if protocols is None else protocols
    return {
        "results": {name: known[name] for name in asked if name in known},
        **{key: results.get(key) for key in MEASURED},
        "revision": results.get("revision"),
        "verdict": results.get("verdict"),
        "verdict_text": results.get("verdict_text"),
        "test_readings": results.get("test_readings"),
    }
