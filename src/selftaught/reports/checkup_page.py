"""The examination of a data set as one HTML file that carries all it shows."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from selftaught.reports.bars import bars
from selftaught.reports.checkup import verdict
from selftaught.reports.checkup_words import expected_time, how_measured, lines
from selftaught.reports.wording import compact, count, full_title, memory

STYLES = ("base", "charts", "tables", "pictures", "small", "print")
"""Of the comparison's page, whose manner this one shares."""

MOST_BARS = 40
"""Classes that are drawn; of more, the largest and the smallest."""

EXAMPLES = 12
"""Lines of a list of files; all of them stand in the JSON."""


def render_checkup(
    content: dict[str, Any], views: Mapping[str, bytes], pairs: Sequence[tuple[str, bytes]]
) -> str:
    """The page as text.

    Args:
        content: of an examination, as it is written to ``doctor.json``.
        views: a sheet (WebP) of each method's views.
        pairs: near-duplicates, each with its caption and a sheet (WebP) of the two.
    """
    here = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(here / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sizes, classes = content["sizes"], content["classes"]
    return environment.get_template("checkup.html").render(
        css=Markup(
            "\n".join((here / "style" / f"{name}.css").read_text("utf-8") for name in STYLES)
        ),
        content=content,
        name=content["data"],
        number=count(content["counts"]["pictures"]),
        verdict=verdict(content),
        date=_date(content["created"]),
        facts=lines(content),
        size_chart=_size_chart(sizes) if sizes and sizes["distinct"] > 1 else None,
        class_chart=_class_chart(classes) if classes else None,
        pairs=[(caption, _uri(sheet)) for caption, sheet in pairs],
        plans=_plans(content, views),
        files=_listed(content["files"] or {}),
    )


def _size_chart(sizes: dict[str, Any]) -> Markup:
    rows = [
        (
            f"{bin['least']:,} to {bin['most']:,}"
            if bin["most"] > bin["least"]
            else f"{bin['least']:,}",
            bin["pictures"],
        )
        for bin in sizes["histogram"]
    ]
    return bars(rows, "Pictures by their short side in pixels")


def _class_chart(classes: dict[str, Any]) -> Markup:
    pairs = zip(classes["names"], classes["pictures"], strict=True)
    rows = sorted(pairs, key=lambda each: -each[1])
    if len(rows) > MOST_BARS:
        rows = [*rows[: MOST_BARS // 2], *rows[-MOST_BARS // 2 :]]
    return bars(rows, "Pictures of each class", "--ink-2")


def _plans(content: dict[str, Any], views: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Each method's line, reasons and sheet."""
    costs = {each["method"]: each for each in content["costs"]}
    plans = []
    for each in content["choices"]:
        cost = costs.get(each["method"])
        sheet = views.get(each["method"])
        plans.append(
            {
                "name": full_title(each["method"]),
                "encoder": f"{each['encoder']['name']}, {compact(each['encoder']['parameters'])} weights",
                "views": f"{len(each['views'])} × {each['size']} px",
                "length": f"{each['epochs']} epochs of {count(each['pictures'])} pictures, "
                f"{each['batch']} a step",
                "time": expected_time(cost),
                "memory": memory(cost["memory_bytes"]) if cost else "",
                "measured": how_measured(cost) if cost else "",
                "reasons": each["reasons"],
                "sheet": None if sheet is None else _uri(sheet),
            }
        )
    return plans


def _listed(files: dict[str, Any]) -> list[tuple[str, int, list[str]]]:
    """Lists of files, each with how many there are and the first of them."""
    found = [
        (
            "Cannot be read",
            files.get("unreadable", 0),
            [f"{each['file']}: {each['reason']}" for each in files.get("unreadable_files", [])],
        ),
        (
            "Another format than the ending says",
            files.get("misnamed", 0),
            [f"{each['file']}: {each['format']}" for each in files.get("misnamed_files", [])],
        ),
        ("Several pictures in one file", files.get("animated", 0), files.get("animated_files", [])),
    ]
    return [(title, number, names[:EXAMPLES]) for title, number, names in found if number]


def _date(created: str) -> str:
    moment = datetime.fromisoformat(created)
    return f"{moment.day} {moment:%B %Y}"


def _uri(picture: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(picture).decode("ascii")
