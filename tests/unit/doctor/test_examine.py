"""Every defect is planted in a clean folder and must be named; a clean folder gets a clean bill."""

import csv
import shutil
import struct
import threading
import zlib
from itertools import product

import numpy as np
import pytest
from PIL import Image

import selftaught
from selftaught import config
from selftaught.doctor import cost
from selftaught.doctor.examine import examine
from selftaught.doctor.reading import look_at
from selftaught.errors import Interrupted, Refusal

QUICK = {
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 8,
    "epochs": 2,
    "projector": [16, 8],
    "precision": "float32",
    "device": "cpu",
    "threads": 1,
    "data.max_bad": 0.5,
}


def examined(folder, **changes):
    settings = {"seconds": 0.0, **QUICK, **changes}
    return selftaught.examine(str(folder), **settings)


def said(content, topic=None):
    return " ".join(each["text"] for each in content["advice"] if topic in (None, each["topic"]))


def gravities(content):
    return [each["gravity"] for each in content["advice"]]


def test_a_clean_folder_gets_a_clean_bill(clean):
    content = examined(clean)
    assert content["advice"] == []
    assert content["refusal"] is None
    assert content["counts"]["pictures"] == content["counts"]["labelled"] == 1300
    assert sum(part["pictures"] for part in content["counts"]["parts"].values()) == 1300
    assert content["classes"]["pictures"] == [650, 650]
    assert content["sizes"]["short_side"] == {"min": 32, "median": 32, "max": 32}
    assert content["kinds"] == [{"channels": 3, "bits": 8, "pictures": 1300}]


def test_few_pictures_are_said(small):
    assert "fewer than 1,000" in said(examined(small))


# Files --------------------------------------------------------------------------------------------


def bomb(path):
    """A PNG whose header promises 30,000 x 30,000 pixels."""
    Image.new("L", (1, 1)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 30000, 30000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


def test_files_that_cannot_be_read_are_named_with_their_reasons(small, picture):
    (small / "a" / "zero.png").write_bytes(b"")
    (small / "a" / "text.jpg").write_text("not a picture")
    bomb(small / "b" / "bomb.png")
    picture(99, 200).save(small / "b" / "cut.jpg")
    whole = (small / "b" / "cut.jpg").read_bytes()
    (small / "b" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    content = examined(small)
    reasons = {each["file"]: each["reason"] for each in content["files"]["unreadable_files"]}
    assert set(reasons) == {"a/zero.png", "a/text.jpg", "b/bomb.png", "b/cut.jpg"}
    assert reasons["a/zero.png"] == "zero bytes"
    assert "identified" in reasons["a/text.jpg"]
    assert "bomb" in reasons["b/bomb.png"]
    assert "truncated" in reasons["b/cut.jpg"]
    assert "4 files of 44 cannot be read" in said(content, "files")


def test_wrong_endings_animations_and_strangers_are_named(small, picture):
    picture(50).save(small / "a" / "jpeg.png", format="JPEG")
    frames = [picture(60), picture(61)]
    frames[0].save(
        small / "b" / "moving.webp", save_all=True, append_images=frames[1:], lossless=True
    )
    (small / "notes.txt").write_text("hello")
    (small / "a" / "old.gif").write_bytes(b"GIF89a")
    content = examined(small)
    text = said(content, "files")
    assert "such as a/jpeg.png (JPEG)" in text
    assert "such as b/moving.webp" in text
    assert content["files"]["ignored"] == {".txt": 1, ".gif": 1}
    assert content["files"]["formats"] == {"PNG": 40, "JPEG": 1, "WEBP": 1}


def test_pages_of_a_tiff_are_channels_and_no_animation(tmp_path, scene):
    for number in range(12):
        pages = [Image.fromarray(scene(10 * number + page)[..., 0]) for page in range(4)]
        pages[0].save(tmp_path / f"{number}.tif", save_all=True, append_images=pages[1:])
    content = examined(tmp_path, views__size=32)
    assert content["kinds"] == [{"channels": 4, "bits": 8, "pictures": 12}]
    assert content["files"]["animated"] == 0
    assert "4 channels" in said(content, "kind")


def test_a_mixture_that_training_refuses_is_trouble_and_everything_else_is_still_told(small, scene):
    Image.fromarray(scene(70)[..., 0].astype(np.uint16) * 200).save(small / "a" / "deep.png")
    content = examined(small)
    assert "the pictures are of 2 kinds" in content["refusal"]
    assert gravities(content)[0] == "trouble"
    assert content["counts"]["pictures"] == 41
    assert content["choices"] == []


def test_what_a_method_refuses_is_told(small):
    content = examined(small, batch=64)
    assert "batch=64 is larger than the" in said(content, "usable")
    assert content["refusal"] is None


# Duplicates ---------------------------------------------------------------------------------------


@pytest.fixture
def laid_out(tmp_path, picture):
    """Thirty pictures to learn from, ten to choose on and twenty to test on, all different."""
    numbers = {"train": range(30), "val": range(30, 40), "test": range(40, 60)}
    for part, some in numbers.items():
        for number in some:
            path = tmp_path / "set" / part / "ab"[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(number, 64).save(path)
    return tmp_path / "set"


def leak(content, of, known):
    (found,) = [
        each for each in content["duplicates"]["between"] if (each["of"], each["in"]) == (of, known)
    ]
    return found


def test_no_leak_is_seen_where_there_is_none(laid_out):
    content = examined(laid_out)
    assert not any(each["copies"] + each["near"] for each in content["duplicates"]["between"])
    assert said(content, "leakage") == ""


def test_copies_by_pixels_and_near_duplicates_of_test_in_train_are_named(laid_out, picture):
    picture(40, 64).save(laid_out / "train" / "a" / "as-bmp.bmp")
    picture(41, 64).save(laid_out / "train" / "b" / "as-jpeg.jpg", quality=60)
    picture(30, 64).resize((50, 50)).save(laid_out / "train" / "a" / "smaller.png")
    content = examined(laid_out)
    test, validation = leak(content, "test", "train"), leak(content, "validation", "train")
    assert (test["copies"], test["near"], test["share"]) == (1, 1, 0.1)
    pairs = {(pair["picture"], pair["twin"]) for pair in test["pairs"]}
    assert pairs == {
        ("test/a/40.png", "train/a/as-bmp.bmp"),
        ("test/b/41.png", "train/b/as-jpeg.jpg"),
    }
    assert {pair["copy"] for pair in test["pairs"]} == {True, False}
    assert (validation["copies"], validation["near"]) == (0, 1)
    assert "10.0 % of the test pictures" in said(content, "leakage")
    assert gravities(content)[0] == "trouble"


def test_the_most_alike_of_near_duplicates_are_shown(laid_out, picture):
    """A shot that was saved again is no copy, however alike: it is what a person should look at."""
    for seed in (40, 41):
        picture(seed, 64).save(laid_out / "train" / "a" / f"again-{seed}.jpg", quality=98)
    test = leak(examined(laid_out), "test", "train")
    assert [(pair["copy"], pair["likeness"]) for pair in test["pairs"]] == [
        (False, pytest.approx(1.0, abs=2e-3))
    ] * 2
    found = examine([config.resolve("simclr", {**QUICK, "data": str(laid_out)})], budget=0.0)
    assert {pair.picture for pair in found.pairs} >= {"test/a/40.png", "test/b/41.png"}


def test_copies_within_train_and_two_labels_of_one_picture_are_named(small):
    for number in range(0, 8):
        name = f"{number:04}.png"
        shutil.copy(small / "ab"[number % 2] / name, small / "ab"[number % 2] / f"copy-{name}")
    shutil.copy(small / "a" / "0010.png", small / "b" / "0010.png")
    content = examined(small)
    assert sum(each["copies"] for each in content["duplicates"]["within"]) == 9
    assert content["duplicates"]["other_label"]["copies"]["pairs"] == 1
    assert "a/0010.png (a)" in said(content, "labels") or "b/0010.png (b)" in said(
        content, "labels"
    )


def test_the_groups_file_closes_the_leak(laid_out, picture, tmp_path):
    picture(40, 64).save(laid_out / "train" / "a" / "as-bmp.bmp")
    picture(41, 64).save(laid_out / "train" / "b" / "as-jpeg.jpg", quality=60)
    out = tmp_path / "out"
    assert leak(examined(laid_out, out=out), "test", "train")["share"] == 0.1
    rows = list(csv.DictReader((out / "groups.csv").read_text().splitlines()))
    assert len(rows) == 62
    assert sum(bool(row["group"]) for row in rows) == 4
    mended = examined(laid_out, **{"data.labels": str(out / "groups.csv")})
    assert leak(mended, "test", "train")["share"] == 0
    assert mended["counts"]["parts"]["left out"]["pictures"] == 2
    assert mended["counts"]["labelled"] == 62


def test_families_are_taken_for_frames_and_a_column_of_groups_is_reported(tmp_path, picture):
    lines = ["file,group"]
    for video, frame in product(range(12), range(4)):
        random = np.random.default_rng(100 * video + frame)
        pixels = np.asarray(picture(video, 64)) + random.normal(0, 3, (64, 64, 3))
        path = tmp_path / "set" / f"{video:02}-{frame}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        lines.append(f"{path.name},{video}")
    content = examined(tmp_path / "set")
    assert "name the groups in a column of data.labels" in said(content, "copies")
    assert leak(content, "validation", "train")["near"] > 0
    (tmp_path / "groups.csv").write_text("\n".join(lines))
    grouped = examined(tmp_path / "set", **{"data.labels": str(tmp_path / "groups.csv")})
    assert grouped["groups"] == {"groups": 12, "pictures": 48, "median": 4.0, "largest": 4}
    assert leak(grouped, "validation", "train")["near"] == 0


def test_small_pictures_are_searched_for_copies_alone():
    content = selftaught.examine("digits", seconds=0.0)
    assert not content["duplicates"]["searched"]
    assert not any(each["near"] for each in content["duplicates"]["between"])


# Pixels and labels --------------------------------------------------------------------------------


def test_dim_sixteen_bit_pictures_are_named(tmp_path, scene):
    for number in range(12):
        deep = scene(number)[..., 0].astype(np.uint16) * 16
        Image.fromarray(deep).save(tmp_path / f"{number}.png")
    text = said(examined(tmp_path), "kind")
    assert "12 pictures are 16-bit grey" in text
    assert "4,080 of 65,535" in text


def test_plain_and_grey_pictures_are_counted(small):
    for number in range(10):
        Image.new("RGB", (48, 48), (number * 20, 90, 90)).save(small / "a" / f"plain-{number}.png")
        grey = Image.open(small / "b" / f"{2 * number + 1:04}.png").convert("L").convert("RGB")
        grey.save(small / "b" / f"{2 * number + 1:04}.png")
    content = examined(small)
    assert (content["colour"]["plain"], content["colour"]["grey"]) == (10, 10)
    assert "10 pictures are nearly constant, such as a/plain-" in said(content, "colour")
    assert "10 of 50 colour pictures are grey" in said(content, "colour")
    assert not any(each["copies"] for each in content["duplicates"]["within"])


def test_uneven_and_tiny_classes_are_named(small, picture):
    (small / "rare").mkdir()
    picture(300).save(small / "rare" / "one.png")
    text = said(examined(small), "classes")
    assert "20 of 'a' and 1 of 'rare'" in text or "20 of 'b' and 1 of 'rare'" in text
    assert "1 class has fewer than 10 pictures, such as 'rare' (1)" in text
    assert "no labelled picture in" in text


def test_pictures_smaller_than_the_views_are_counted(small, picture):
    for number in range(5):
        picture(400 + number, 20).save(small / "a" / f"tiny-{number}.png")
    content = examined(small, views__size=40)
    assert content["sizes"]["below_view"] == 5
    assert "5 pictures have a side below 40 px" in said(content, "size")


# What training would be ---------------------------------------------------------------------------


def test_choices_are_those_of_the_setup_and_the_cost_is_measured(small, tmp_path):
    out = tmp_path / "out"
    content = examined(small, methods=["simclr", "vicreg"], seconds=2.0, out=out)
    for plan, name in zip(content["choices"], ("simclr", "vicreg"), strict=True):
        assert plan["method"] == name
        assert plan["size"] == 64
        assert plan["encoder"]["stem"] == "strided"
        assert len(plan["views"]) == 2
    assert content["choices"][0]["manner"] == "symmetric"
    assert content["choices"][1]["manner"] == "vicreg"
    for each in content["costs"]:
        (measured,) = each["measured"]
        assert measured["batch"] == 8
        assert 2 <= len(measured["seconds"]) <= cost.MOST
        assert not each["extrapolated"]
        assert each["seconds_low"] <= each["seconds"] <= each["seconds_high"]
        assert each["seconds"] == pytest.approx(each["seconds_a_step"] * each["steps"])
        assert each["memory_bytes"] > 1e8
    page = (out / "doctor.html").read_text()
    assert page.count("data:image/webp") == 2
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert sorted(path.name for path in out.iterdir()) == ["doctor.html", "doctor.json"]


def test_a_step_that_would_take_too_long_is_extrapolated_and_says_so(small, monkeypatch):
    for number in range(40):
        source = small / "ab"[number % 2] / f"{number:04}.png"
        Image.open(source).transpose(Image.Transpose.ROTATE_90).save(
            source.with_stem(f"{number}-turned")
        )
    monkeypatch.setattr(cost, "SMALL", (4, 8))
    (found,) = examined(small, batch=32, seconds=1e-3)["costs"]
    assert found["extrapolated"]
    assert [each["batch"] for each in found["measured"]] == [4]
    assert found["seconds_low"] <= found["seconds"] <= found["seconds_high"]


def test_too_little_memory_is_trouble(small, monkeypatch):
    monkeypatch.setattr(cost, "available_memory", lambda device: 1_000_000)
    content = examined(small, seconds=0.5)
    assert "1 MB are free on cpu" in said(content, "cost")
    assert gravities(content)[0] == "trouble"


def test_hours_on_a_cpu_have_a_recipe_of_their_own(small):
    content = examined(small, epochs=100_000, seconds=0.5)
    assert "--recipe folder-cpu" in said(content, "cost")
    assert said(examined(small, seconds=0.5), "cost") == "", "a minute is no reason"
    chosen = examined(small, epochs=100_000, seconds=0.5, recipe="folder-cpu")
    assert "folder-cpu" not in said(chosen, "cost"), "it was followed already"


def test_the_line_through_two_batches_is_followed():
    timings = [cost.Timing(16, [1.0, 1.2, 1.1], 9.0, 100), cost.Timing(32, [2.0], 9.0, 150)]
    seconds, memory = cost.straight(timings, 64)
    assert seconds == pytest.approx(2.0 + 0.9 * 2)
    assert memory == 250


# Reading ------------------------------------------------------------------------------------------


def test_no_file_is_looked_at_twice_before_its_pixels_are_needed(small, monkeypatch):
    """The folder is opened with what the doctor's own look told."""
    monkeypatch.setattr("selftaught.data.folder.digest", None)
    monkeypatch.setattr("selftaught.data.folder.headers", None)
    assert examined(small)["counts"]["pictures"] == 40


def test_a_stop_ends_the_reading_and_says_how_far_it_was(small, monkeypatch, tmp_path):
    seen = []

    def look(folder, name):
        seen.append(name)
        if len(seen) == 10:
            raise KeyboardInterrupt
        return look_at(folder, name)

    monkeypatch.setattr("selftaught.doctor.reading.look_at", look)
    with pytest.raises(Interrupted, match=r"Stopped after \d+ of 40 files; nothing was written"):
        examined(small, out=tmp_path / "out", **{"data.workers": 1})
    assert not (tmp_path / "out").exists()
    assert threading.active_count() < 20


def test_links_to_one_file_are_copies(tmp_path, picture):
    for number in range(10):
        picture(number).save(tmp_path / f"{number}.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "3.png")
    content = examined(tmp_path)
    copies = [each["copies"] for each in content["duplicates"]["within"]]
    assert sum(copies) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ({"data": "./nowhere"}, "there is no folder"),
        ({"data": "shapez"}, "did you mean 'shapes'"),
        ({"data": "shapes", "methods": ["pca"]}, "pca is a baseline"),
        ({"data": "shapes", "methods": []}, "No method is named"),
    ],
)
def test_unusable_input_is_refused(call, sentence):
    with pytest.raises(Refusal, match=sentence):
        selftaught.examine(**call)
