"""A contestant's mark and name, the same wherever it is named."""

from markupsafe import Markup

from selftaught.reports.contestants import Contestant
from selftaught.reports.drawing import element, marker
from selftaught.reports.wording import title


def mark(contestant: Contestant) -> Markup:
    """Its form in its colour, as a small picture in the text."""
    form = marker(contestant.shape, 6, 6, 4.2)
    return element("svg", form, viewBox="0 0 12 12", class_="mark", aria_hidden="true")


def named(contestant: Contestant) -> Markup:
    """Mark, written name and overrides."""
    name, overrides = title(contestant.name)
    parts: list[Markup | str] = [mark(contestant), name]
    if overrides:
        parts += [" ", element("code", overrides)]
    return element(
        "span",
        *parts,
        class_="named",
        style=f"--ink: var({contestant.ink})",
        data_place=contestant.place,
    )
