"""Words and tables that the pages share."""

from collections.abc import Mapping, Sequence
from typing import Any


def number_of(count: int, what: str) -> str:
    return f"one {what}" if count == 1 else f"{count} {what}s"


def listing(words: Sequence[str]) -> str:
    """``a, b and c``"""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def origin(stem: str, content: Mapping[str, Any]) -> str:
    """Command, machine, versions and revision: what a number never travels without."""
    machine = content.get("machine") or content.get("environment") or {}
    versions = machine.get("versions") or content.get("versions") or {}
    command = content.get("command") or machine.get("command")
    command = " ".join(command) if isinstance(command, list) else command
    cores = machine.get("cores")
    where = machine.get("cpu") or machine.get("processor")
    facts = [
        f"{number_of(cores, 'core')} of {where}" if where and cores else where,
        number_of(machine["threads"], "thread") if machine.get("threads") else None,
        f"torch {versions['torch']}" if versions.get("torch") else None,
        f"revision `{content['revision']}`" if content.get("revision") else None,
        str(content["created"])[:10] if content.get("created") else None,
    ]
    older = [row.get("revision") for row in content.get("rows", [])]
    older = [each for each in dict.fromkeys(older) if each and each != content.get("revision")]
    if older:
        facts.insert(-1, f"runs of {', '.join(f'`{each}`' for each in older)} among its rows")
    said = f"[`{stem}.json`](../benchmarks/results/{stem}.json), written by `{command}`"
    return f"{said} on {', '.join(fact for fact in facts if fact)}."


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], left: int, right: int | None = None
) -> str:
    """A Markdown table; columns from ``left`` on to ``right`` hold numbers."""
    right = len(heads) if right is None else right
    rule = ["---:" if left <= place < right else "---" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
