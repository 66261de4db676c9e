"""The page in a browser: on a phone, in the dark, by keyboard, without the network."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from example import write_example

from selftaught.reports.page import write_report

pytestmark = pytest.mark.page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = write_example(
        tmp_path_factory.mktemp("page"), seeds=3, count=150, failed="byol", suite=True
    )
    return write_report(directory)


@pytest.fixture
def opened(browser: Any, report: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page; any console error or request beyond the file itself fails the test."""
    options = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
    context = browser.new_context(**options | getattr(request, "param", {}))
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda said: said.type == "error" and troubles.append(said.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    allowed = (report.as_uri(), "data:")
    page.on("request", lambda asked: asked.url.startswith(allowed) or troubles.append(asked.url))
    page.goto(report.as_uri())
    yield page
    assert troubles == []
    context.close()


PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}


TABLET = {"viewport": {"width": 820, "height": 1180}}


@pytest.mark.parametrize(
    "opened", [PHONE, TABLET, {}], indirect=True, ids=["phone", "tablet", "desktop"]
)
def test_no_sideways_scrolling(opened: Any) -> None:
    width = opened.evaluate("innerWidth")
    assert width == opened.viewport_size["width"]
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    too_small = opened.evaluate(
        "[...document.querySelectorAll('svg text')]"
        ".filter(t => t.checkVisibility() && t.getBoundingClientRect().height < 11).length"
    )
    assert too_small == 0, "letters of the charts stay legible"


MOVED = """
() => new Promise((answer) => {
  let moved = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) moved += e.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => answer(moved), 300);
})
"""


@pytest.mark.parametrize("opened", [PHONE, {}], indirect=True, ids=["phone", "desktop"])
def test_nothing_moves_while_it_loads(opened: Any) -> None:
    assert opened.evaluate(MOVED) < 0.01


def test_pointing_shows_a_picture_and_its_neighbours(opened: Any) -> None:
    assert not opened.locator("#picture.shown").count()
    hover(opened)
    assert opened.locator("#picture.shown").count() == 1
    assert opened.locator("#strip .tile").count() == 5
    assert "Nearest for SimCLR" in opened.locator("#said").inner_text()
    drawn = opened.locator("#picture").evaluate("e => getComputedStyle(e).backgroundImage")
    assert drawn.startswith('url("data:image/webp')
    assert opened.locator(".minis .found", has_text=re.compile("✓|says")).count() == 7


def hover(page: Any) -> None:
    plane = page.locator("#plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    for share in (0.5, 0.45, 0.55, 0.4, 0.6):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
        if page.locator("#picture.shown").count():
            return


@pytest.mark.parametrize("opened", [PHONE], indirect=True, ids=["phone"])
def test_a_tap_shows_a_picture(opened: Any) -> None:
    plane = opened.locator("#plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    opened.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert opened.locator("#picture.shown").count() == 1


MAPS = "() => [...document.querySelectorAll('.minis canvas')].map((canvas) => canvas.toDataURL())"


def test_a_frame_drawn_in_one_map_lights_the_same_pictures_in_the_others(opened: Any) -> None:
    plane = opened.locator("#plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    before = opened.evaluate(MAPS)
    opened.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    opened.mouse.down()
    opened.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.7 * box["height"], steps=4)
    opened.mouse.up()
    selected = int(opened.locator("#selected-count").inner_text().split()[0])
    assert 0 < selected < 150
    assert opened.locator("#selected .tile").count() == min(selected, 40)
    after = opened.evaluate(MAPS)
    assert [a == b for a, b in zip(before, after, strict=True)].count(
        True
    ) <= 1  # one has collapsed
    opened.keyboard.press("Tab")
    opened.locator("#let-go").click()
    assert opened.locator("#selection").is_hidden()
    opened.locator("#plane").focus()
    opened.keyboard.press("Escape")
    assert opened.evaluate(MAPS) == before


def test_the_space_bar_selects_a_picture_with_its_neighbours(opened: Any) -> None:
    opened.locator("#plane").focus()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press(" ")
    assert opened.locator("#selected-count").inner_text() == "6 pictures"
    found = opened.locator(".minis .found").first.inner_text()
    assert found != ""
    opened.keyboard.press("Escape")
    assert opened.locator("#selection").is_hidden()


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(opened: Any) -> None:
    reached: list[str] = []
    invisible = 0
    for _ in range(140):
        opened.keyboard.press("Tab")
        name, outlined = opened.evaluate(
            """(e => [
              e.id || e.name || e.className || e.tagName,
              [e, e.nextElementSibling].some((each) => each && getComputedStyle(each).outlineStyle !== "none"),
            ])(document.activeElement)"""
        )
        reached.append(name)
        invisible += name != "BODY" and not outlined
    assert {
        "theme", "named", "ladders", "scroller", "learning-against", "plane", "encoder", "kind",
        "wall", "pairs", "copy", "SUMMARY",
    } <= set(reached)  # fmt: skip
    assert invisible == 0


def test_arrow_keys_walk_the_map_and_escape_lets_go(opened: Any) -> None:
    opened.locator("#plane").focus()
    opened.keyboard.press("ArrowRight")
    first = opened.locator("#picture").get_attribute("style")
    opened.keyboard.press("ArrowRight")
    assert opened.locator("#picture").get_attribute("style") != first
    opened.keyboard.press("Escape")
    assert opened.locator("#picture.shown").count() == 0


def test_another_encoder_and_kind_of_map(opened: Any) -> None:
    snapshot = "() => document.getElementById('plane').toDataURL()"
    opened.emulate_media(reduced_motion="reduce")
    before = opened.evaluate(snapshot)
    opened.locator("input[name=encoder]").nth(1).check(force=True)
    second = opened.evaluate(snapshot)
    opened.locator("input[name=kind][value=tsne]").check(force=True)
    third = opened.evaluate(snapshot)
    assert len({before, second, third}) == 3
    assert "t-SNE of 150 pictures" in opened.locator("#method-note").inner_text()
    collapsed = opened.locator(".minis label", has_text="momentum=0,0").locator("input")
    collapsed.check(force=True)
    assert "there is nothing to map" in opened.locator("#nothing").inner_text()


def test_a_class_alone(opened: Any) -> None:
    snapshot = "() => document.getElementById('plane').toDataURL()"
    before = opened.evaluate(snapshot)
    button = opened.locator("#classes button").first
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert opened.evaluate(snapshot) != before
    assert opened.locator("#selected-classes").inner_text().split(".")[0].endswith("circle")
    button.click()
    assert opened.evaluate(snapshot) == before


def test_a_heading_sorts_its_column_both_ways_and_by_keyboard(opened: Any) -> None:
    heading = opened.locator(".results thead th", has_text="Linear probe")
    place = heading.evaluate("e => e.cellIndex")
    width = opened.locator(".results thead th").count()

    def values() -> list[float]:
        rows = opened.locator(".results tbody").first.locator("tr:not(.error)").all()
        texts = [row.locator("th, td").nth(place).locator("b").inner_text() for row in rows]
        return [float(text) if text != "–" else float("-inf") for text in texts]

    given = values()
    assert width > 5
    heading.locator("button").click()
    assert values() == sorted(given, reverse=True) != given
    assert heading.get_attribute("aria-sort") == "descending"
    opened.keyboard.press("Enter")
    finite = [value for value in values() if value > 0]
    assert finite == sorted(finite)
    assert heading.get_attribute("aria-sort") == "ascending"
    assert values()[-1] == float("-inf"), "what has no value stays last"
    error = opened.locator(".results tr.error")
    above = error.first.evaluate("e => e.previousElementSibling.innerText")
    assert above.startswith("BYOL"), "the sentence of a failure stays under its row"


def test_a_name_is_followed_through_every_section_and_let_go(opened: Any) -> None:
    name = opened.locator(".ladder .named", has_text="VICReg").first
    place = name.get_attribute("data-place")
    name.focus()
    opened.keyboard.press("Enter")
    assert opened.locator("#followed").is_visible()
    assert opened.locator(f"[data-place='{place}'].faded").count() == 0
    assert opened.locator("svg .series.faded").count() > 5
    assert opened.locator(".nearest.faded").count() > 5
    opened.keyboard.press("Escape")
    assert opened.locator(".faded").count() == 0
    assert opened.locator("#followed").is_hidden()


def test_learning_curves_switch_from_pictures_to_time(opened: Any) -> None:
    figures = opened.locator("#learning .switched figure")
    assert figures.nth(0).is_visible()
    assert not figures.nth(1).is_visible()
    height = opened.evaluate("document.documentElement.scrollHeight")
    opened.locator("input[name=learning-against]").nth(1).check(force=True)
    assert figures.nth(1).is_visible()
    assert not figures.nth(0).is_visible()
    assert "seconds of training" in figures.nth(1).inner_text()
    assert opened.evaluate("document.documentElement.scrollHeight") == height


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True, ids=["plain"])
def test_the_essentials_need_no_script(opened: Any) -> None:
    for words in ("VICReg", "73.8", "95 % interval", "Nearest neighbours", "Run it again"):
        assert opened.get_by_text(words).first.is_visible()
    assert opened.get_by_text("The maps need JavaScript").is_visible()
    assert not opened.locator("#plane").is_visible()
    assert not opened.locator("#theme").is_visible()
    opened.locator("input[name=learning-against]").nth(1).check(force=True)
    assert opened.locator("#learning .switched figure").nth(1).is_visible()


@pytest.mark.parametrize("opened", [{"color_scheme": "dark"}], indirect=True, ids=["dark"])
def test_paper_is_white_and_shows_every_choice(opened: Any) -> None:
    dark = opened.evaluate(GROUND)
    opened.emulate_media(media="print")
    assert opened.evaluate(GROUND) != dark
    assert not opened.locator("nav").is_visible()
    for figure in opened.locator("#robustness figure").all():
        assert figure.is_visible()
    opened.set_viewport_size({"width": 680, "height": 1000})  # A4 without its margins
    assert opened.evaluate("document.documentElement.scrollWidth") <= 680
    assert opened.pdf(format="A4").startswith(b"%PDF")


GROUND = "getComputedStyle(document.body).backgroundColor"


def test_dark_follows_the_system_and_the_button(opened: Any) -> None:
    light = opened.evaluate(GROUND)
    opened.emulate_media(color_scheme="dark")
    dark = opened.evaluate(GROUND)
    assert light != dark
    opened.locator("#theme").click()
    assert opened.evaluate(GROUND) == light
    opened.reload()
    assert opened.evaluate(GROUND) == light
    opened.locator("#theme").click()
    assert opened.evaluate(GROUND) == dark
