"""What a section of the page is, and how its template is filled."""

import base64
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from selftaught.reports import marks, wording

REPORTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes:
        anchor: its id, and what its link leads to.
        link: its word in the navigation.
        body: its HTML, without the element around it.
        data: JSON that its script reads.
    """

    anchor: str
    link: str
    body: Markup
    data: dict[str, Any] = field(default_factory=dict)


def fill(template: str, **contents: Any) -> Markup:
    """A file of ``templates/``, filled; every text is escaped."""
    return Markup(_environment().get_template(template).render(**contents))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(REPORTS / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "count": wording.count,
        "compact": wording.compact,
        "named": marks.named,
        "listing": wording.listing,
    }
    return environment


def uri(picture: bytes) -> str:
    """A WebP picture, written into the page itself."""
    return "data:image/webp;base64," + base64.b64encode(picture).decode("ascii")
