"""The doctor's report, in a terminal of any width and as a page."""

import copy
import io
import re

import pytest
from rich.console import Console

from selftaught.reports.bars import bars
from selftaught.reports.checkup import print_checkup, verdict
from selftaught.reports.checkup_page import render_checkup
from selftaught.reports.checkup_words import in_one_unit

CONTENT = {
    "data": "somewhere/pictures",
    "created": "2026-01-02T03:04:05+0000",
    "refusal": None,
    "counts": {
        "pictures": 1100,
        "labelled": 900,
        "parts": {
            "train": {"pictures": 1000, "labelled": 800},
            "test": {"pictures": 100, "labelled": 100},
        },
        "notes": ["200 of 1100 pictures have no label."],
    },
    "files": {
        "files": 1101,
        "bytes": 5_000_000,
        "formats": {"JPEG": 1100},
        "ignored": {".txt": 2},
        "unreadable": 1,
        "unreadable_files": [{"file": "a/<b>.jpg", "reason": "zero bytes"}],
        "reasons": {"zero bytes": 1},
        "misnamed": 0,
        "misnamed_files": [],
        "animated": 0,
        "animated_files": [],
        "seconds_a_file": 0.0123,
    },
    "sizes": {
        "height": {"min": 30, "median": 60, "max": 90},
        "width": {"min": 40, "median": 60, "max": 190},
        "short_side": {"min": 30, "median": 60, "max": 90},
        "longest_to_shortest": 2.5,
        "distinct": 7,
        "histogram": [
            {"least": 30, "most": 59, "pictures": 400},
            {"least": 60, "most": 90, "pictures": 700},
        ],
    },
    "kinds": [{"channels": 3, "bits": 8, "pictures": 1100}],
    "colour": {
        "mean": [0.4, 0.5, 0.6],
        "std": [0.1, 0.2, 0.3],
        "brightness": {"5%": 0.2, "median": 0.5, "95%": 0.8},
        "contrast": {"5%": 0.1, "median": 0.2, "95%": 0.3},
        "brightest_pixel": 1.0,
        "three_channels": 1100,
        "grey": 3,
        "plain": 0,
        "dark": 1,
        "bright": 2,
    },
    "classes": {
        "names": [f"class number {i}" for i in range(50)],
        "pictures": list(range(1, 51)),
        "parts": {},
        "largest_to_smallest": 50.0,
    },
    "groups": None,
    "duplicates": {
        "settings": {"bits": 63, "radius": 12, "alike": 0.65},
        "searched": True,
        "within": [{"part": "train", "pictures": 1000, "copies": 4, "near": 0}],
        "between": [
            {"of": "test", "in": "train", "pictures": 100, "copies": 1, "near": 1, "share": 0.02}
        ],
    },
    "choices": [
        {
            "method": "simclr",
            "encoder": {"name": "resnet18", "parameters": 11_200_000},
            "size": 64,
            "views": [{}, {}],
            "batch": 256,
            "epochs": 100,
            "pictures": 1000,
            "reasons": ["Views of 64 px: the median short side is 60 px."],
        }
    ],
    "costs": [
        {
            "method": "simclr",
            "device": "cpu",
            "threads": 1,
            "dtype": "float32",
            "batch": 256,
            "measured": [{"batch": 256, "steps": 5}],
            "extrapolated": False,
            "seconds_a_step": 1.0,
            "seconds": 7000.0,
            "seconds_low": 6800.0,
            "seconds_high": 7400.0,
            "memory_bytes": 2_000_000_000,
            "looks": {"number": 21, "seconds": 200.0},
        }
    ],
    "advice": [
        {
            "gravity": "trouble",
            "topic": "leakage",
            "text": "2 % of the test pictures are in train.",
        },
        {"gravity": "note", "topic": "files", "text": "One <file> cannot be read [red]."},
    ],
}


def printed(content, width):
    file = io.StringIO()
    print_checkup(content, Console(file=file, width=width))
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_report_fits_its_width_and_says_everything(width):
    text = printed(CONTENT, width)
    assert max(map(len, text.splitlines())) <= min(width, 120)
    flat = re.sub(r"\s+", " ", text)
    for words in (
        "1,100 pictures, 1 trouble and 1 note",
        "One <file> cannot be read [red].",
        "1,000 train (800 labelled)",
        "7 sizes; width 40 to 190 px",
        "12 ms to read one on one core",
        "4 within train",
        "(2.00 %)",
        "50 classes",
        "class number 49",
        "class number 0",
        "5 steps of 256",
    ):
        assert words in flat
    if width >= 80:
        assert "2.0 h (1.9 to 2.1)" in flat


def test_a_clean_bill_is_said():
    content = copy.deepcopy(CONTENT)
    content["advice"] = []
    assert verdict(content) == "nothing to complain of"
    assert "Every picture can be read" in printed(content, 80)


def test_times_share_the_unit_of_the_first():
    assert in_one_unit(5.04, 4.0, 6.0) == ("5.0", "4.0", "6.0", "s")
    assert in_one_unit(119.0, 100.0, 150.0) == ("119", "100", "150", "s")
    assert in_one_unit(3600.0, 60.0) == ("60", "1", "min")
    assert in_one_unit(30 * 86400.0) == ("30", "days")


def test_the_page_carries_everything_and_runs_nothing():
    page = render_checkup(CONTENT, {"simclr": b"sheet"}, [("one and two", b"pair")])
    assert page.count("data:image/webp;base64,") == 2
    assert "<script" not in page
    assert "a/&lt;b&gt;.jpg: zero bytes" in page
    assert "2 January 2026" in page
    assert "one and two" in page
    assert "{each" not in page
    assert "the largest and the smallest" in page


def test_the_page_of_refused_pictures_is_written():
    content = copy.deepcopy(CONTENT)
    content |= {
        "sizes": {},
        "colour": {},
        "classes": None,
        "choices": [],
        "costs": [],
        "files": None,
    }
    assert "What training would be" not in render_checkup(content, {}, [])


def test_bars_are_as_long_as_their_counts():
    drawn = bars([("few & far", 10), ("many", 40)], "Pictures")
    few, many = map(float, re.findall(r'<rect [^>]*width="([\d.]+)"', str(drawn)))
    assert many == pytest.approx(4 * few, rel=0.01)
    assert "few &amp; far" in drawn
