"""Labelling on the page: by pointing, by keys, on a phone; what is saved is what was given."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unlabelled import write_unlabelled

from selftaught.reports.page import write_report

pytestmark = pytest.mark.page
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a comparison without labels, before and after somebody gave some."""
    folder = tmp_path_factory.mktemp("labelling")
    return {
        name: write_report(write_unlabelled(folder / name, ranked=name == "ranked"))
        for name in ("plain", "ranked")
    }


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page; any console error or request beyond the file itself fails the test."""
    options = {"viewport": {"width": 1280, "height": 900}, "accept_downloads": True}
    options |= getattr(request, "param", {})
    report = pages[str(options.pop("page", "plain"))]
    context = browser.new_context(**options)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda said: said.type == "error" and troubles.append(said.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    allowed = (report.as_uri(), "data:", "blob:")
    page.on("request", lambda asked: asked.url.startswith(allowed) or troubles.append(asked.url))
    page.goto(report.as_uri())
    yield page
    assert troubles == []
    context.close()


def saved(page: Any) -> list[list[str]]:
    """The rows of the file that the page saves."""
    with page.expect_download() as found:
        page.locator("#save-labels").click()
    assert found.value.suggested_filename == "labels.csv"
    with Path(found.value.path()).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def name(page: Any, text: str) -> None:
    page.locator("#class-name").fill(text)
    page.locator("#naming button").click()


def test_labels_given_by_pointing_are_what_is_saved(opened: Any) -> None:
    name(opened, "a cat, grey")
    opened.locator("#pieces [role=option]").nth(7).click()
    name(opened, "dog")
    opened.locator("#pieces [role=option]").nth(3).click()
    opened.locator("#given button", has_text="a cat, grey").click()
    opened.locator("#given button", has_text="Cannot tell").click()
    head, *rows = saved(opened)
    assert head == ["file", "label"]
    assert len(rows) == 60
    given = {file: label for file, label in rows if label}
    assert given == {
        "animals/000, a.png": "a cat, grey",
        "animals/007, a.png": "dog",
        "animals/003, a.png": "a cat, grey",
        "animals/004, a.png": "?",  # the next after the third
    }
    assert "3 of 60 labelled, 1 cannot be told; 17 more" in opened.locator("#counted").inner_text()


def test_labels_given_by_keys_move_on_and_can_be_taken_back(opened: Any) -> None:
    opened.locator("#pieces").focus()
    for word in ("cat", "dog"):  # a letter begins a name
        opened.keyboard.type(word)
        opened.keyboard.press("Enter")
    for key in ("1", "0", "2", "9", "ArrowLeft", "Backspace", "Home", "2"):
        opened.keyboard.press(key)
    labels = [label for _, label in saved(opened)[1:7]]
    assert labels == ["dog", "dog", "cat", "?", "", ""]
    current = opened.locator("#pieces [aria-selected=true]")
    assert current.get_attribute("id") == "piece-4"
    assert opened.locator("#pieces").get_attribute("aria-activedescendant") == "piece-4"
    opened.keyboard.press("Tab")
    opened.locator("#pieces").focus()
    opened.keyboard.press("ArrowDown")
    above, moved = opened.evaluate(  # at one moment: the page may still be scrolling
        """['#piece-4', '#pieces [aria-selected=true]']
        .map(which => document.querySelector(which).getBoundingClientRect().toJSON())"""
    )
    assert abs(moved["x"] - above["x"]) < 1 < moved["y"] - above["y"]


def test_what_was_given_is_there_after_the_page_is_opened_again(opened: Any) -> None:
    name(opened, "cat")
    opened.reload()
    assert opened.locator("#piece-0").inner_text() == "cat"
    assert opened.locator("#given button").first.inner_text().split() == ["1", "cat", "1"]


def test_a_saved_file_is_opened_elsewhere(opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('\ufefffile;label\r\n"animals/002, a.png";"cat"\r\nstrange.png;dog\r\n')
    opened.locator("#load-labels").set_input_files(path)
    opened.locator("#piece-2 small", has_text="cat").wait_for()
    assert [label for _, label in saved(opened)[1:]].count("") == 59


@pytest.mark.parametrize("opened", [{"page": "ranked"}], indirect=True, ids=["ranked"])
def test_labels_that_ranked_are_there_to_go_on_from(opened: Any) -> None:
    assert "40 of 60 labelled, 1 cannot be told" in opened.locator("#counted").inner_text()
    ranking = opened.locator("#ranking")
    places = ranking.locator(".choice").first.locator(".rank")
    assert places.all_inner_texts() == ["1", "2", ""]
    ranking.locator("input[name=few-labels]").nth(1).check(force=True)
    assert ranking.locator(".choice").nth(1).locator(".rank").all_inner_texts() == [
        "1–2",
        "1–2",
        "",
    ]
    assert "read with 40 labels" in opened.locator(".standfirst").inner_text()


@pytest.mark.parametrize("opened", [PHONE], indirect=True, ids=["phone"])
def test_on_a_phone_the_picture_stays_in_sight(opened: Any) -> None:
    for each in ("cat", "a very long name of a class that goes on and on", "dog"):
        name(opened, each)
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
    opened.locator("#pieces [role=option]").nth(50).tap()
    box = opened.locator("#piece").bounding_box()
    assert 0 <= box["y"] < 844 - box["height"]
    opened.locator("#given button", has_text="dog").tap()
    assert opened.locator("#piece-50").inner_text() == "dog"


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True, ids=["plain"])
def test_without_scripts_the_pictures_are_shown_and_the_table_is_named(opened: Any) -> None:
    assert opened.get_by_text("to-label.csv can be filled in").is_visible()
    assert opened.locator("#pieces .piece").nth(59).is_visible()
    assert not opened.locator("#save-labels").is_visible()
