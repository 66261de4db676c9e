"""A made-up comparison on disk: drawn pictures, made-up features, figures that claim nothing."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from selftaught.reports.neighbours import agreement, nearest
from selftaught.reports.pictures import sprite, view_sheet

CLASSES = [
    "circle",
    "square",
    "triangle",
    "cross",
    "ring",
    "star",
    "bar",
    "diamond",
    "arrow",
    "moon",
]
FAMILIES = {
    "simclr": "metric_learning",
    "byol": "self_distillation",
    "vicreg": "canonical_correlation",
}
# Contestant: how far its classes lie apart, linear accuracy, seconds, verdict.
QUALITY: dict[str, tuple[float, float, float, str]] = {
    "simclr": (1.9, 0.671, 84.0, "learning"),
    "byol": (1.5, 0.602, 91.0, "learning"),
    "vicreg": (2.1, 0.738, 79.0, "learning"),
    "byol:momentum=0,0": (0.0, 0.118, 88.0, "collapsed"),
    "untrained": (0.35, 0.224, 0.3, "fitted"),
    "pixels": (0.75, 0.381, 0.1, "fitted"),
    "random_patches": (0.8, 0.402, 4.2, "fitted"),
    "supervised": (4.0, 0.968, 41.0, "learning"),
}
TERMS = {
    "simclr": ["nt_xent"],
    "byol": ["regression"],
    "vicreg": ["invariance", "variance", "covariance"],
    "supervised": ["cross_entropy"],
}


def draw_pictures(labels: np.ndarray, rng: np.random.Generator, size: int = 32) -> np.ndarray:
    """Silhouettes in two random colours: uint8 [n, size, size, 3]."""
    pictures = []
    for label in labels:
        ground, ink = rng.integers(0, 256, (2, 3))
        if abs(int(ground.sum()) - int(ink.sum())) < 150:
            ink = (ground + 128) % 256
        big = Image.new("RGB", (4 * size, 4 * size), tuple(ground.tolist()))
        pen = ImageDraw.Draw(big)
        r = float(rng.uniform(0.25, 0.42)) * 4 * size
        x, y = rng.uniform(r, 4 * size - r, 2)
        sides = {1: 4, 2: 3, 5: 5, 7: 4, 8: 3}
        fill = tuple(ink.tolist())
        if label in (0, 4, 9):
            pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)
            inner, shift = (0.55 * r, 0) if label == 4 else (0.8 * r, 0.45 * r)
            if label != 0:
                hole = (x + shift - inner, y - inner, x + shift + inner, y + inner)
                pen.ellipse(hole, fill=tuple(ground.tolist()))
        elif label in sides:
            pen.regular_polygon(
                (x, y, r), sides[int(label)], rotation=int(rng.integers(0, 360)), fill=fill
            )
        else:
            pen.rectangle((x - r, y - 0.3 * r, x + r, y + 0.3 * r), fill=fill)
            if label == 3:
                pen.rectangle((x - 0.3 * r, y - r, x + 0.3 * r, y + r), fill=fill)
        pictures.append(np.asarray(big.resize((size, size), Image.Resampling.BOX)))
    return np.stack(pictures)


def write_example(
    directory: Path,
    *,
    contestants: list[str] | None = None,
    seeds: int = 1,
    count: int = 400,
    classes: list[str] = CLASSES,
    failed: str | None = None,
    suite: bool = False,
) -> Path:
    """Lay out a folder as ``selftaught compare`` does; `failed` names a contestant that broke.

    With `suite` every row has what the protocols that draw curves leave behind, and a similarity.
    """
    rng = np.random.default_rng(0)
    directory.mkdir(parents=True, exist_ok=True)
    names = contestants or list(QUALITY)
    labels = rng.integers(0, len(classes), count)
    pictures = draw_pictures(labels, rng)
    _write_atlas(directory / "atlas", pictures, labels, classes)
    rows: list[dict[str, Any]] = []
    for name in names:
        fitted = name in ("pixels", "random_patches", "untrained")
        own: list[int | None] = [None] if fitted else list(range(seeds))
        rows += [
            _run(directory, (name, seed), (labels, pictures), failed=name == failed) for seed in own
        ]
    if suite:
        for row in rows:
            row["results"] |= suite_of(row["contestant"], row["results"])
    comparison: dict[str, Any] = {
        "schema_version": 1,
        "selftaught": "0.1.0",
        "command": f"selftaught compare simclr byol vicreg --data shapes --seeds {seeds}",
        "created": "2026-11-22T10:00:00+00:00",
        "split": "test",
        "seeds": list(range(seeds)),
        "data": {
            "name": "synthetic shapes",
            "classes": classes,
            "size": 32,
            "channels": 3,
            "pictures": {"train": 4500, "validation": 500, "test": count},
        },
        "machine": {
            "cpu": "An imagined processor",
            "cores": 2,
            "threads": 2,
            "memory_bytes": 8_000_000_000,
            "gpu": None,
            "python": "3.11.9",
            "torch": "2.11.0",
            "platform": "Linux",
        },
        "rows": rows,
        "summary": [_summary(name, rows, seeds) for name in names],
        "claims": [
            "VICReg's features were read best: 73.8 % linear, against 22.4 % untrained.",
            "All three methods stayed above random patches (40.2 %), which need no training.",
        ],
    }
    if suite:
        comparison["similarity"] = {
            "contestants": names,
            "measure": "linear CKA",
            "pictures": count,
            "values": [[1.0 if a == b else 0.4 for a in names] for b in names],
        }
    (directory / "comparison.json").write_text(json.dumps(comparison))
    return directory


CORRUPTIONS = ("gaussian_noise", "shot_noise", "defocus_blur", "fog", "contrast")
ATTACKS = ("fgsm", "pgd")
OPERATIONS = ("crop", "flip", "colour", "grayscale", "blur")


def suite_of(name: str, results: dict[str, Any]) -> dict[str, Any]:
    """Made-up results of the protocols that draw curves."""
    if not results:
        return {}
    level, shift = results["linear"]["accuracy"], len(name) % 5

    def line(x: list[float], y: list[float], across: str, up: str = "accuracy") -> dict[str, Any]:
        return {"across": across, "up": up, "x": x, "y": y}

    labels = [1.0, 5.0, 10.0, 50.0, 100.0]
    shares = [level * (1 - 0.7 / (1 + i)) for i in range(5)]
    few = line(labels, shares, "labels a class")
    few |= {"low": [0.9 * y for y in shares], "high": [1.06 * y for y in shares]}
    strengths = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    robust = {
        each: line(strengths, [level * (1 - 0.1 * k * i / 3) for i in range(6)], across)
        for across, names in (
            ("strength of the corruption", CORRUPTIONS),
            ("largest change, in 255ths", ATTACKS),
        )
        for k, each in enumerate(names, start=1)
    }
    given = [level * (1 - 0.1 * i) for i in range(6)]
    robust["label_noise"] = line(strengths, given, "share of labels that are replaced")
    falling = [1 / (i + 1) ** (0.4 + 0.2 * shift) for i in range(40)]
    spectrum = line([float(i + 1) for i in range(40)], falling, "direction", "singular value")
    unmoved = {
        each: line(
            [0.25, 0.5, 1.0], [0.95 - 0.1 * k, 0.9 - 0.12 * k, 0.8 - 0.15 * k], "strength", "share"
        )
        for k, each in enumerate(OPERATIONS[shift:] + OPERATIONS[:shift])
    }
    return {
        "fewshot": {"accuracy": shares[2], "curves": {"accuracy": few}},
        "robustness": {
            "measure": "corrupted_accuracy",
            "corrupted_accuracy": 0.7 * level,
            "curves": robust,
        },
        "spectrum": {"measure": "rank_me", "rank_me": 30.5, "curves": {"spectrum": spectrum}},
        "invariance": {"measure": "unmoved", "unmoved": 0.7, "curves": unmoved},
        "fairness": {
            "measure": "worst_class_accuracy",
            "worst_class_accuracy": 0.8 * level,
            "curves": {
                "accuracy_by_class": line(
                    [float(k) for k in range(10)],
                    [level * (1 - 0.02 * ((3 * k) % 10)) for k in range(10)],
                    "class",
                )
            },
        },
        "calibration": {
            "measure": "ece",
            "ece": 0.07,
            "curves": {"reliability": line([0.1, 0.5, 0.9], [0.1, 0.4, 0.8], "confidence")},
        },
    }


def _write_atlas(
    folder: Path, pictures: np.ndarray, labels: np.ndarray, classes: list[str]
) -> None:
    folder.mkdir(exist_ok=True)
    sheet, columns = sprite(pictures, 32)
    (folder / "pictures.webp").write_bytes(sheet)
    described = {
        "tile": 32,
        "columns": columns,
        "index": list(range(len(labels))),
        "labels": labels.tolist(),
        "classes": classes,
    }
    (folder / "pictures.json").write_text(json.dumps(described))


def _run(
    directory: Path,
    run: tuple[str, int | None],
    atlas: tuple[np.ndarray, np.ndarray],
    *,
    failed: bool,
) -> dict[str, Any]:
    (name, seed), (labels, pictures) = run, atlas
    method = name.partition(":")[0]
    apart, linear, seconds, verdict = QUALITY[name]
    relative = f"{name.replace(':', '-').replace('=', '-').replace(',', '-')}/seed-{seed or 0}"
    row: dict[str, Any] = {
        "contestant": name,
        "method": method,
        "family": FAMILIES.get(method, "baselines"),
        "seed": seed,
        "folder": relative,
        "results": {},
        "seconds": None,
        "pictures_per_second": None,
        "pictures_seen": None,
        "peak_memory_bytes": None,
        "verdict": "failed",
        "verdict_text": "",
        "error": "The loss became NaN at step 12 (term 'regression'); try a smaller rate.",
        "sees_labels": method == "supervised",
    }
    if failed:
        return row
    folder = directory / relative
    folder.mkdir(parents=True)
    # The classes' directions are the same for all, so that maps differ by quality alone.
    rng = np.random.default_rng([sum(name.encode()), seed or 0])
    directions = np.random.default_rng(1).normal(size=(int(labels.max()) + 1, 64))
    features = apart * directions[labels] / 3 + rng.normal(size=(len(labels), 64))
    if verdict == "collapsed":
        features[:] = 1.0
    wrong = rng.random(len(labels)) > linear
    predictions = np.where(wrong, rng.integers(0, labels.max() + 1, len(labels)), labels)
    np.savez(
        folder / "atlas.npz",
        features=features.astype(np.float16),
        index=np.arange(len(labels)),
        predictions=predictions,
    )
    knn = agreement(nearest(features), labels) * (1 if verdict != "collapsed" else 0.9)
    linear += 0.012 * ((seed or 0) - 1) if seed else 0
    _write_run_files(folder, run, pictures, seconds=seconds, knn=knn)
    return row | {
        "results": {
            "knn": {"accuracy": knn, "k": 20, "temperature": 0.1, "split": "test"},
            "linear": {
                "accuracy": linear,
                "l2": 0.001 if apart > 1 else 0.01,
                "split": "test",
                "refitted_on": "train + validation",
            },
        },
        "seconds": seconds,
        "pictures_per_second": 54_000 / seconds if seconds > 10 else None,
        "pictures_seen": 54_000 if seconds > 10 else 0,
        "peak_memory_bytes": 612_000_000 if seconds > 10 else 240_000_000,
        "verdict": verdict,
        "verdict_text": {
            "learning": f"Learning: kNN rose from 22 to {100 * knn:.0f} %; features still vary.",
            "collapsed": "Collapsed: after step 300 all pictures have the same features.",
            "fitted": "Fitted once, without gradients.",
        }[verdict],
        "error": None,
    }


def _write_run_files(
    folder: Path,
    run: tuple[str, int | None],
    pictures: np.ndarray,
    *,
    seconds: float,
    knn: float,
) -> None:
    name, seed = run
    rng = np.random.default_rng(seed or 0)
    method = name.partition(":")[0]
    settings = (
        f"method:\n  name: {method}\ndata:\n  name: shapes\nencoder:\n  name: resnet_small\n"
        f"epochs: 12\nbatch: 256\nseed: {seed or 0}\n"
    )
    (folder / "run.yaml").write_text(settings)
    (folder / "environment.json").write_text(json.dumps({"torch": "2.11.0", "threads": 2}))
    if method not in TERMS:
        return
    lines = []
    for step in range(0, 241, 2):
        t = step / 240
        losses = {
            term: 10 / (i + 1) ** 1.5 * (0.35 + 0.65 * math.exp(-4 * t))
            + float(rng.normal(0, 0.08))
            for i, term in enumerate(TERMS[method])
        }
        line = {"kind": "step", "step": step, "epoch": 12 * t, "progress": t, "rate": 0.2}
        line |= {"seconds": seconds * t, "pictures": int(54_000 * t), "losses": losses}
        lines.append(line | {"pictures_per_second": 640})
        if step % 60 == 0:
            level = 0.22 + (knn - 0.22) * (1 - math.exp(-3.2 * t))
            look = {"kind": "look", "step": step, "epoch": 12 * t, "seconds": seconds * t}
            look |= {"pictures": int(54_000 * t), "knn": level, "feature_std": 0.7}
            lines.append(look | {"effective_rank": 6 + 30 * t * (1 if knn > 0.2 else -0.18)})
    (folder / "metrics.jsonl").write_text(
        "\n".join(json.dumps(line) for line in lines) + '\n{"kind"'
    )
    if method != "supervised":
        views = [np.roll(pictures[:6], k, axis=(1, 2))[:, ::-1] for k in (3, 7)]
        (folder / "views.webp").write_bytes(view_sheet(pictures[:6], views))


def _summary(name: str, rows: list[dict[str, Any]], seeds: int) -> dict[str, Any]:
    own = [row for row in rows if row["contestant"] == name]
    results = {}
    for protocol in ("knn", "linear"):
        values = [row["results"][protocol]["accuracy"] for row in own if row["results"]]
        if not values:
            continue
        mean, sd = (
            float(np.mean(values)),
            float(np.std(values, ddof=1)) if len(values) > 1 else None,
        )
        reach = 2.48 * sd if sd is not None else 0.0
        results[protocol] = {
            "mean": mean,
            "min": min(values),
            "max": max(values),
            "sd": sd,
            "interval": [mean - reach, mean + reach] if len(values) > 2 else None,
        }
    return {
        "contestant": name,
        "method": own[0]["method"],
        "family": own[0]["family"],
        "seeds": seeds,
        "results": results,
    }
