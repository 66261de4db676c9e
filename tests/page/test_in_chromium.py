"""The page in a browser: on a phone, in the dark, by keyboard, without the network."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from example import write_example

from selftaught.reports.page import write_report

pytestmark = pytest.mark.page
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    required = os.environ.get("SELFTAUGHT_REQUIRE_CHROMIUM") == "1"
    if CHROMIUM is None:
        (pytest.fail if required else pytest.skip)("Chromium is not installed (Debian: chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(write_example(tmp_path_factory.mktemp("page"), count=150, failed="byol"))


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


@pytest.mark.parametrize("opened", [PHONE, {}], indirect=True, ids=["phone", "desktop"])
def test_no_sideways_scrolling(opened: Any) -> None:
    width = opened.evaluate("innerWidth")
    assert width == opened.viewport_size["width"]
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    too_small = opened.evaluate(
        "[...document.querySelectorAll('svg text')]"
        ".filter(t => t.getBoundingClientRect().height < 11).length"
    )
    assert too_small == 0, "letters of the charts stay legible"


def test_pointing_shows_a_picture_and_its_neighbours(opened: Any) -> None:
    assert not opened.locator("#picture.shown").count()
    plane = opened.locator("#plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    for share in (0.5, 0.45, 0.55, 0.4, 0.6):
        opened.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
        if opened.locator("#picture.shown").count():
            break
    assert opened.locator("#picture.shown").count() == 1
    assert opened.locator("#strip .tile").count() == 5
    assert "Nearest for SimCLR" in opened.locator("#said").inner_text()
    drawn = opened.locator("#picture").evaluate("e => getComputedStyle(e).backgroundImage")
    assert drawn.startswith('url("data:image/webp')


@pytest.mark.parametrize("opened", [PHONE], indirect=True, ids=["phone"])
def test_a_tap_shows_a_picture(opened: Any) -> None:
    plane = opened.locator("#plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    opened.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert opened.locator("#picture.shown").count() == 1


def test_the_keyboard_reaches_every_control(opened: Any) -> None:
    reached: list[str] = []
    for _ in range(60):
        opened.keyboard.press("Tab")
        reached.append(
            opened.evaluate(
                "(e => e.id || e.name || e.className || e.tagName)(document.activeElement)"
            )
        )
    assert {"theme", "encoder", "plane", "kind", "wall", "copy", "SUMMARY"} <= set(reached)


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
    button.click()
    assert opened.evaluate(snapshot) == before


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
