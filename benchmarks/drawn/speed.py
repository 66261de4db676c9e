"""Speed: what ``speed.py``, ``views.py`` and ``losses.py`` of this folder wrote, as charts and tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drawn.chart import Dot, Line, dot_plot
from drawn.words import number_of, origin, table
from selftaught.reports.speed import speed_markdown
from selftaught.reports.wording import full_title, listing

Content = Mapping[str, Any]

PROTOCOLS = {"knn": "kNN", "linear": "linear probe"}
LOSSES = {"nt_xent": "NT-Xent", "dcl": "DCL", "supcon": "SupCon", "spectral": "Spectral"}
LOSSES |= {"vicreg": "VICReg", "barlow_twins": "Barlow Twins"}


def is_one(content: Content) -> bool:
    """Whether the file says how fast something is."""
    return _kind(content) is not None


def _kind(content: Content) -> str | None:
    """The key of ``KINDS`` that the rows have."""
    row = (content.get("rows") or [{}])[0]
    return next((key for key in KINDS if key in row), None)


def page(files: Mapping[str, Content]) -> tuple[str, dict[str, str]]:
    """The page's text, and its figures by file name."""
    figures: dict[str, str] = {}
    parts = [
        draw(stem, content, figures)
        for key, draw in KINDS.items()
        for stem, content in sorted(files.items())
        if _kind(content) == key
    ]
    return "\n\n".join(parts), figures


def _steps(stem: str, content: Content, figures: dict[str, str]) -> str:
    rows = content["rows"]
    device = next((row["device_name"] for row in rows if row["device_name"]), None)
    where = device or content["environment"]["cpu"]
    floor = [
        Dot(
            _network(row),
            100 * row["share_of_floor"],
            *(100 * end for end in row["share_of_floor_range"]),
            f"{100 * row['share_of_floor']:.1f}",
        )
        for row in sorted(rows, key=lambda row: -row["share_of_floor"])
    ]
    figures[f"{stem}-floor.svg"] = dot_plot(
        f"Training steps on {where}",
        "pictures a second, % of the floor's",
        floor,
        [Line("the floor", 100)],
    )
    sections = [
        f"## Training steps on {where}",
        origin(stem, dict(content, machine=content.get("machine") or content["environment"])),
        f"![Share of the floor, a dot for each method and encoder](figures/{stem}-floor.svg)",
    ]
    for setting, words in {"best": "at their fastest", "default": "as they are shipped"}.items():
        chart = _beside(rows, setting, f"Beside the peers {words}, on {where}")
        if chart is not None:
            figures[f"{stem}-peers-{setting}.svg"] = chart
            alt = f"How many times as fast as the peers {words}"
            sections.append(f"![{alt}](figures/{stem}-peers-{setting}.svg)")
    sections.append(speed_markdown(dict(content)).strip())
    sections += [content["note"]] if content.get("note") else []
    sections += (
        [f"Could not be measured: {'; '.join(content['failed'])}."] if content.get("failed") else []
    )
    return "\n\n".join(sections)


def _beside(rows: Sequence[Content], setting: str, title: str) -> str | None:
    """How many times as fast as each peer in one of its settings; None where none was measured."""
    beside = [
        (row, peer)
        for row in rows
        for peer in row.get("against") or []
        if peer["configuration"] == setting
    ]
    if not beside:
        return None
    peers = list(dict.fromkeys(peer["peer"] for _, peer in beside))
    dots = [
        Dot(
            _network(row),
            peer["times_faster"],
            *peer["times_faster_range"],
            f"{peer['times_faster']:.2f}",
            peers.index(peer["peer"]),
        )
        for row, peer in sorted(beside, key=lambda each: -each[1]["times_faster"])
    ]
    axis = "times as many pictures a second as the peer"
    return dot_plot(title, axis, dots, [Line("as fast", 1)], peers, logarithmic=True)


def _network(row: Content) -> str:
    return f"{full_title(row['contestant'])}, {row['encoder']}" + ", compiled" * row["compiled"]


def _views(stem: str, content: Content, figures: dict[str, str]) -> str:
    rows, files = content["rows"], content["files"]
    peers = [each["peer"] for each in rows[0]["against"]]
    figures[f"{stem}.svg"] = dot_plot(
        "Two views of a picture on one core",
        "times as many pictures a second as the peer",
        [
            Dot(
                _short(row),
                peer["times_faster"],
                *peer["times_faster_range"],
                f"{peer['times_faster']:.2f}",
                peers.index(peer["peer"]),
            )
            for row in rows
            for peer in row["against"]
        ],
        [Line("as fast", 1)],
        peers,
        logarithmic=True,
    )
    cells = [
        [
            _what(row),
            f"{row['pictures_per_second']:,.0f}",
            *(
                cell
                for peer in row["against"]
                for cell in (
                    f"{peer['pictures_per_second']:,.0f}",
                    "{:.2f} ({:.2f}–{:.2f})".format(
                        peer["times_faster"], *peer["times_faster_range"]
                    ),
                )
            ),
        ]
        for row in rows
    ]
    heads = ["what", "pictures/s", *(cell for peer in peers for cell in (peer, "times faster"))]
    turns = [row["turns"] for row in rows]
    where = "drawn, with the spectrum of photographs" if files["drawn"] else "of a folder"
    sections = [
        "## Views",
        "SimCLR's two views of pictures in memory or of JPEG files, crops resized bicubically; Lightly, as "
        "it is shipped, resizes bilinearly, with half the taps. In every row the peers do the whole of it with "
        "Pillow; a worker of ours that serves a GPU decodes and crops alone. Seconds are those of the "
        f"process's own work: medians of {min(turns)} to {number_of(max(turns), 'turn')}, in one process. The "
        f"{files['count']} files are {where}, {files['bytes'] / 1e3:.0f} kB on average.",
        origin(stem, dict(content, machine=content["environment"])),
        f"![How many times as fast as each peer](figures/{stem}.svg)",
        table(heads, cells, 1),
    ]
    return "\n\n".join(sections + ([content["note"]] if content.get("note") else []))


def _short(row: Content) -> str:
    """The row beside its dots, whose legend has the peers."""
    what = row["what"].removesuffix(" to two views")
    return f"{what}, blur {row['blur']:g}" if row["size"] < 224 else f"{what}, {row['size']} px"


def _what(row: Content) -> str:
    return f"{row['what']}, {row['size']} px, blur {row['blur']:g}"


def _judging(stem: str, content: Content, figures: dict[str, str]) -> str:
    rows, one = content["rows"], content["rows"][0]
    cells = [
        [
            f"{PROTOCOLS[row['protocol']]}, {row['features']} features",
            f"{row['seconds']:.2f} ({min(row['seconds_each']):.2f}–{max(row['seconds_each']):.2f})",
            f"{100 * row['accuracy']:.2f}",
            row["reference"],
            f"{row['reference_seconds']:.1f}",
            f"{100 * row['reference_accuracy']:.2f}",
        ]
        for row in rows
    ]
    together = [
        sum(row["seconds"] for row in rows if row["features"] == kind)
        for kind in dict.fromkeys(row["features"] for row in rows)
    ]
    heads = ["what", "s", "right, %", "reference", "s", "right, %"]
    sections = [
        "## Judging",
        f"kNN and the linear probe on {one['bank']:,} x {one['width']} made-up features, {one['queries']:,} "
        "queries: the whole protocols, with everything that they choose on held-back features. The references "
        "are given those choices, ran once and stop at nothing. Both protocols together take "
        f"{' and '.join(f'{each:.1f} s' for each in together)}.",
        origin(stem, dict(content, machine=content["environment"])),
        table(heads, cells, 1),
    ]
    return "\n\n".join(sections + ([content["note"]] if content.get("note") else []))


def _losses(stem: str, content: Content, figures: dict[str, str]) -> str:
    rows = content["rows"]
    both = [row for row in rows if "ratio" in row]
    for key, what, value in (
        ("time", "time, forward and backward", lambda row: row["ratio"]),
        ("memory", "memory", lambda row: row["mebibytes"] / row["plain_mebibytes"]),
    ):
        dots = [
            Dot(f"{_loss(row)}, {row['pictures']:,} × {row['width']:,}", x, x, x, f"{x:.2f}")
            for row in sorted(both, key=value)
            for x in [value(row)]
        ]
        figures[f"{stem}-{key}.svg"] = dot_plot(
            f"Losses: {key} against the plain form",
            f"{what}, as a multiple of the plain form's",
            dots,
            [Line("plain form", 1)],
            logarithmic=True,
        )
    cells = [
        [
            _loss(row),
            f"{row['pictures']:,}",
            f"{row['width']:,}",
            *(
                f"{1e3 * row[key]:.1f}" if key in row else "–"
                for key in ("seconds", "plain_seconds")
            ),
            f"{row['ratio']:.2f}" if "ratio" in row else "–",
            *(
                f"{row[key]:,.0f}" if key in row else "–"
                for key in ("mebibytes", "plain_mebibytes")
            ),
        ]
        for row in rows
    ]
    heads = ["loss", "pictures", "width", "ms", "plain, ms", "ratio", "MiB", "plain, MiB"]
    turns = [row["turns"] for row in both]
    return "\n\n".join(
        [
            "## Losses against their plain form",
            "The plain form holds every product of two embeddings, or every covariance, in one table, as "
            "the papers write it. Both ran in turns, in one process: medians of "
            f"{min(turns)} to {number_of(max(turns), 'turn')}.",
            origin(stem, content),
            f"![Time of each loss against the plain form](figures/{stem}-time.svg)",
            f"![Memory of each loss against the plain form](figures/{stem}-memory.svg)",
            table(heads, cells, 1),
        ]
    )


def _loss(row: Content) -> str:
    return LOSSES.get(row["loss"], row["loss"].replace("_", " "))


def _budgets(stem: str, content: Content, figures: dict[str, str]) -> str:
    rows = content["rows"]
    recipes = list(dict.fromkeys(row["recipe"] for row in rows))
    figures[f"{stem}.svg"] = dot_plot(
        "Accuracy, and the time that it takes",
        "linear accuracy, %",
        [
            Dot(
                f"{full_title(row['method'])}, {100 * row['share']:.0f}% of the time",
                *[100 * row["linear"]] * 3,
                f"{100 * row['linear']:.1f}",
                recipes.index(row["recipe"]),
            )
            for row in rows
        ],
        kinds=recipes,
    )
    cells = [
        [
            full_title(row["method"]),
            row["recipe"],
            str(row["passes"]),
            str(row["batch"]),
            f"{row['views']} of {listing([str(side) for side in row['sides']])} px",
            f"{row['seconds']:,.0f}",
            "{:.2f} ({:.2f}–{:.2f})".format(row["share"], *row["share_range"]),
            f"{100 * row['knn']:.1f}",
            f"{100 * row['linear']:.1f}",
            str(row["seeds"]),
        ]
        for row in rows
    ]
    heads = ["", "recipe", "passes", "batch", "views", "s", f"of `{recipes[0]}`'s time"]
    heads += ["kNN, %", "linear, %", "seeds"]
    sections = [
        "## Accuracy in less time",
        "Whole trainings on 10,000 pictures of CIFAR-10: one step of every recipe in turn, times the steps "
        f"that it asks for; medians of {number_of(content['repeats'], 'round')}, with the lowest and the "
        "highest. Accuracies, on test, are those of the recipes' own tables ([results](results.md)), means "
        "over seeds. Lightly publishes no recipe of VICReg for CIFAR-10.",
        origin(stem, dict(content, machine=content["environment"])),
        f"![Linear accuracy of each recipe](figures/{stem}.svg)",
        table(heads, cells, 2),
    ]
    return "\n\n".join(sections + ([content["note"]] if content.get("note") else []))


KINDS: Mapping[str, Callable[[str, Content, dict[str, str]], str]] = {
    "share_of_floor": _steps,
    "passes": _budgets,
    "what": _views,
    "protocol": _judging,
    "loss": _losses,
}
"""What draws each kind of file, by a key that its rows alone have, in the page's order."""
