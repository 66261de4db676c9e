"""The table of speed: writes speed-NAME.json (command, machine, versions, rows) and the same as Markdown.

    python benchmarks/speed.py cpu                       # ResNet-18 and small encoders on this CPU
    python benchmarks/speed.py cpu --against lightly     # the same beside Lightly
    python benchmarks/speed.py gpu --against lightly,stable-pretraining
    python benchmarks/speed.py gpu --device cpu --repeats 1 --out /tmp --set encoder=resnet_tiny --set batch=16
    python benchmarks/speed.py views                     # views alone, beside Pillow's: 40 seconds on one core
    python benchmarks/speed.py judging --threads 2       # kNN and linear probe, beside slow references
    python benchmarks/speed.py budgets --threads 1       # what recipes of CIFAR-10 take, first step to last

Ratios are of the same rounds, so another program on the machine blurs them and does not bend them; pictures a
second do suffer. Say ``--note "..."`` what else went on. The line with ``--device cpu`` walks through the
GPU's table without a GPU.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import budgets
import judging
import views

import selftaught
from selftaught import config
from selftaught.errors import Refusal, RunFailed
from selftaught.reports.speed import speed_markdown
from selftaught.runs import write_json

THREE = ("simclr", "byol", "vicreg")

NOISE = {"data": "random", "precision": "bfloat16"}
RESNET = {**NOISE, "encoder": "resnet18"}
COMPILED = {"compile": True}
Rows = list[tuple[tuple[str, ...], dict[str, Any]]]
SMALL: Rows = [
    (THREE, {**settings, **how})
    for settings in (
        {**NOISE, "recipe": "cifar10-cpu"},
        {"data": "shapes", "precision": "bfloat16"},
    )
    for how in ({}, COMPILED)
]
# Methods, and what differs from the recipes of their data.
TABLES: dict[str, Rows] = {
    "cpu": [*((THREE, {**RESNET, "batch": 64, **how}) for how in ({}, COMPILED)), *SMALL],
    "small": SMALL,
    "gpu": [
        (THREE, {**RESNET, "batch": 256}),
        (("simclr",), {**RESNET, "batch": 1024}),
        (("dino",), {**RESNET, "batch": 256}),  # multi-crop
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=[*TABLES, "views", "judging", "budgets"])
    parser.add_argument("--methods", help="of the table's, separated by commas; all otherwise")
    parser.add_argument("--against", default="", help="peers, separated by commas")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, help="of torch; all cores otherwise")
    parser.add_argument("--device", default="cuda" if "gpu" in sys.argv[1:] else "cpu")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--name", help="of the files; the table's otherwise")
    parser.add_argument("--note", default="", help="what a reader of the numbers should know")
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="key=value",
        help="of every row; repeat it",
    )
    parser.add_argument("--pictures", type=Path, help="of `views`: a folder of JPEG files of yours")
    parser.add_argument("--data-root", help="of `budgets`: the folder that holds CIFAR-10")
    given = parser.parse_args()

    chosen = given.methods.split(",") if given.methods else None
    alone: dict[str, Callable[[], dict[str, Any]]] = {
        "views": lambda: views.measure(given.pictures, device=given.device),
        "judging": lambda: judging.measure(given.device, given.threads, given.repeats),
        "budgets": lambda: budgets.measure(
            chosen or THREE,
            root=given.data_root,
            device=given.device,
            threads=given.threads,
            repeats=given.repeats,
        ),
    }
    if given.table in alone:
        found = alone[given.table]()
        write_json(
            given.out / f"speed-{given.name or given.table}.json", {**found, "note": given.note}
        )
        return 0
    peers = [peer for peer in given.against.split(",") if peer]
    changes = config.split_overrides(given.changes)
    shared = {"device": given.device} | ({"threads": given.threads} if given.threads else {})
    wanted = [
        (method, settings)
        for methods, settings in TABLES[given.table]
        for method in methods
        if chosen is None or method in chosen
    ]
    content: dict[str, Any] = {}
    failed: list[str] = []
    for method, settings in wanted:
        beside = peers if method in THREE else []
        call = {**shared, **settings, **changes, "repeats": given.repeats, "against": beside}
        call["compile_floor"] = True
        try:
            found = selftaught.bench(method, say=lambda line: print(line, file=sys.stderr), **call)
        except (Refusal, RunFailed) as error:
            failed.append(f"{method} on {settings}: {error}")
            print(failed[-1], file=sys.stderr)
            continue
        rows = [*content.get("rows", []), *found["rows"]]
        content = {**found, **content, "rows": rows, "failed": failed, "note": given.note}
        # Written after each, so that a table that is cut short is there as far as it went.
        stem = given.out / f"speed-{given.name or given.table}"
        write_json(stem.with_suffix(".json"), content)
        text = speed_markdown(content) + (f"\n{given.note}\n" if given.note else "")
        stem.with_suffix(".md").write_text(text, encoding="utf-8")
    return 1 if failed or not content else 0


if __name__ == "__main__":
    sys.exit(main())
