"""The live page in a browser: what is new comes in, and the reader stays where they are."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from example import write_example
from growing import Growing

from selftaught.reports.live import page as live_page
from selftaught.reports.live.page import LivePage
from selftaught.reports.live.server import Server

pytestmark = pytest.mark.page
SIMCLR, BYOL, VICREG = "simclr/seed-0", "byol/seed-0", "vicreg/seed-0"
PIXELS = "pixels/seed-0"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ["simclr", "byol", "vicreg", "pixels"]
    return write_example(tmp_path_factory.mktemp("whole"), contestants=names, count=60)


@pytest.fixture
def growing(whole: Path, tmp_path: Path) -> Growing:
    return Growing(whole, tmp_path / "out")


@pytest.fixture
def server(growing: Growing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(live_page, "OFTEN", 0.2)
    monkeypatch.setattr(live_page, "SHARE", 0)
    growing.plan()
    growing.finish(SIMCLR, PIXELS)
    growing.record(SIMCLR)
    growing.train(BYOL, 0.5)
    found = Server(0, LivePage(growing.directory).answer)
    thread = threading.Thread(target=found.serve_until_stopped)
    thread.start()
    yield found
    found.shutdown()
    thread.join()


@pytest.fixture
def opened(browser: Any, server: Server) -> Iterator[Any]:
    """The page; any error, and any request to elsewhere, fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 700}, reduced_motion="reduce")
    troubles: list[str] = []
    allowed = (server.address, "data:")
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(allowed) or troubles.append(asked.url))
    page.goto(server.address)
    yield page
    assert troubles == []
    page.close()


GO = """selector => scrollTo({
  top: scrollY + document.querySelector(selector).getBoundingClientRect().top - 40, behavior: "instant",
})"""
SEEN = "selector => document.querySelector(selector).getBoundingClientRect().top"


def test_a_new_contestant_appears_and_the_reader_stays_where_they_are(
    opened: Any, growing: Growing
) -> None:
    page = opened
    assert "2 of 4 runs finished" in page.locator("#live").inner_text()
    ladder = page.locator(".ladder").first.locator(".rung .named")
    assert page.locator("#learning svg", has_text="BYOL").count() > 0
    page.evaluate("window.kept = 'not loaded again'")

    # Choices of every kind, then down to the curves, and a sentence marked in the last section.
    ladder.filter(has_text="SimCLR").click()
    page.locator(".results thead th button").first.click()
    page.locator("input[name=learning-against]").nth(1).check(force=True)
    page.locator("#again details summary").last.click()
    page.evaluate("getSelection().selectAllChildren(document.getElementById('command'))")
    command = page.evaluate("getSelection().toString()")
    page.locator("input[name=learning-against]").nth(1).focus()
    place = "#learning h3"
    page.evaluate(GO, place)
    before, length = page.evaluate(SEEN, place), page.evaluate("document.body.scrollHeight")
    assert 0 <= before < 200

    growing.train(VICREG, 0.5)
    growing.finish(BYOL)
    growing.record(SIMCLR, BYOL, PIXELS)
    page.locator("#live", has_text="3 of 4").wait_for()

    assert ladder.filter(has_text="BYOL").count() == 1
    assert "BYOL" in page.locator(".results tr", has_text="60.2").inner_text()
    assert page.locator("#learning svg", has_text="VICReg").count() > 0
    assert page.evaluate("window.kept") == "not loaded again"
    assert page.evaluate("document.body.scrollHeight") > length
    assert abs(page.evaluate(SEEN, place) - before) < 2
    assert page.locator("input[name=learning-against]").nth(1).is_checked()
    assert page.evaluate("document.activeElement.name") == "learning-against"
    assert page.locator(".results thead th").first.get_attribute("aria-sort") == "ascending"
    assert page.locator("#followed").is_visible()
    assert page.locator("#learning .series.faded").count() > 0, (
        "others are faded in the new curves too"
    )
    assert page.evaluate("getSelection().toString()") == command
    assert page.locator("#again details[open]").count() == 1

    growing.finish(VICREG)
    growing.record(SIMCLR, BYOL, VICREG, PIXELS)
    page.locator("#live", has_text="All 4 runs").wait_for()
    assert page.locator("#progress").count() == 0
    assert page.locator("#live b").inner_text() == "Finished"
    assert page.evaluate("getSelection().toString()") == command
    page.evaluate("getSelection().empty()")
    page.locator("#again summary", has_text="VICReg").wait_for()


def test_a_server_that_ended_is_said_and_the_page_stays(opened: Any, server: Server) -> None:
    server.shutdown()
    server.server_close()
    opened.locator("#live.lost").wait_for()
    assert opened.locator("#live").inner_text().startswith("No longer live")
    assert opened.locator("#learning svg").count() > 0
