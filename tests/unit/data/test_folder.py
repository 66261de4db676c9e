"""Folders of pictures: what is read, how it is divided, and every bad input with its sentence."""

import os
import shutil
import struct

import numpy as np
import pytest
import torch
from PIL import Image

from selftaught.config import Data
from selftaught.data import Request, folder, open_splits, shared_splits
from selftaught.data.files import Files, Kind
from selftaught.data.labels import list_pictures
from selftaught.data.resident import Resident
from selftaught.data.streamed import Streamed
from selftaught.errors import Refusal


def noise(seed, height=16, width=16, channels=3):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


@pytest.fixture
def classes(tmp_path):
    """Two classes of thirty pictures."""
    for i in range(60):
        save(tmp_path / "set" / "ab"[i % 2] / f"{i}.png", noise(i))
    return tmp_path / "set"


def opened(path, **config):
    return open_splits(Data(name=str(path), **config))


def contents(source):
    return {bytes(picture.flatten().numpy()) for picture in source.pictures}


def sides(splits):
    return [contents(part) for part in (splits.train, splits.validation, splits.test) if part]


def test_sub_folders_are_classes_and_splits_are_disjoint(classes):
    splits = opened(classes)
    assert splits.classes == ("a", "b")
    train, validation, test = sides(splits)
    assert len(train) + len(validation) + len(test) == 60
    assert len(train | validation | test) == 60
    for part in (splits.train, splits.validation, splits.test):
        for picture, label in zip(part.pictures, part.labels, strict=True):
            number = next(i for i in range(60) if np.array_equal(
                noise(i), picture.permute(1, 2, 0).numpy()))  # fmt: skip
            assert label == number % 2


def test_the_division_depends_on_content_alone(classes, tmp_path):
    for i in range(60):
        where = tmp_path / "moved" / "deep" / "ab"[i % 2] / f"renamed-{59 - i}.png"
        where.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(classes / "ab"[i % 2] / f"{i}.png", where)
    labelled, moved = opened(classes), opened(tmp_path / "moved" / "deep")
    assert sides(labelled) == sides(moved)
    assert torch.equal(labelled.train.pictures, moved.train.pictures)
    assert (labelled.mean, labelled.std) == (moved.mean, moved.std)


def test_mean_and_std_are_the_training_pictures(classes):
    splits = opened(classes)
    pixels = splits.train.pictures.double() / 255
    assert torch.allclose(torch.tensor(splits.mean).double(), pixels.mean((0, 2, 3)), atol=1e-4)
    std = pixels.transpose(0, 1).flatten(1).std(1)
    assert torch.allclose(torch.tensor(splits.std).double(), std, atol=1e-3)


def test_flat_pictures_have_no_labels_and_no_test(tmp_path):
    for i in range(20):
        save(tmp_path / f"{i}.png", noise(i))
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".hidden.png").write_text("not read")
    splits = opened(tmp_path)
    assert splits.train.labels is None
    assert splits.test is None
    assert splits.classes == ()
    assert "1 file that is no picture is ignored." in splits.notes


def test_split_folders_are_honoured_and_copies_leave_the_training_set(classes, tmp_path):
    root = tmp_path / "laid-out"
    for part, numbers in {"train": range(40), "val": range(40, 50), "test": range(50, 60)}.items():
        for i in numbers:
            save(root / part / "ab"[i % 2] / f"{i}.png", noise(i))
    shutil.copy(root / "test" / "a" / "50.png", root / "train" / "a" / "copy.png")
    splits = opened(root)
    assert [len(side) for side in sides(splits)] == [40, 10, 10]
    assert splits.classes == ("a", "b")
    assert any("1 train picture is left out" in note for note in splits.notes)


def test_copies_lie_on_one_side(classes):
    for i in range(60):
        shutil.copy(classes / "ab"[i % 2] / f"{i}.png", classes / "ab"[i % 2] / f"copy-{i}.png")
    splits = opened(classes)
    train, validation, test = sides(splits)
    assert not (train & validation or train & test or validation & test)
    assert len(splits.train) == 2 * len(train)


def test_a_csv_gives_labels_and_groups_that_stay_together(tmp_path):
    lines = ["file,label,group"]
    for i in range(60):
        save(tmp_path / "p" / f"{i}.png", noise(i))
        lines.append(f"{i}.png,{10 * (i % 2) + 2},patient-{i // 4}" if i else "0.png,,")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    splits = opened(tmp_path / "p", labels=str(tmp_path / "labels.csv"))
    assert splits.classes == ("2", "12")
    assert "1 of 60 pictures has no label." in splits.notes
    groups = [set(p.groups.tolist()) for p in (splits.train, splits.validation, splits.test)]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert len(groups[0] | groups[1] | groups[2]) == 16
    everyone = torch.cat([p.labels for p in (splits.train, splits.validation, splits.test)])
    assert (everyone + 1).bincount().tolist() == [1, 29, 30]


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tiff", "bmp", "JPEG"])
def test_formats(tmp_path, ending):
    for i in range(3):
        options = {"lossless": True} if ending == "webp" else {}
        save(tmp_path / f"{i}.{ending}", noise(i), **options)
    found = contents(opened(tmp_path).train) | contents(opened(tmp_path).validation)
    if ending.lower() not in {"jpg", "jpeg"}:
        assert found == {noise(i).transpose(2, 0, 1).tobytes() for i in range(3)}
    assert len(found) == 3


def test_a_photograph_is_what_pillow_decodes(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    save(tmp_path / "a.jpg", noise(0, 30, 40))
    save(tmp_path / "b.jpg", noise(1, 30, 40), exif=exif)
    read = Files(str(tmp_path), ("a.jpg", "b.jpg"), Kind(3, 255))
    for row, turns in enumerate((0, 2)):
        with Image.open(tmp_path / read.names[row]) as picture:
            want = np.rot90(np.array(picture), turns)
        assert np.array_equal(read(row).permute(1, 2, 0).numpy(), want)


def test_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for i in range(2):
        save(tmp_path / f"{i}.png", noise(i, 10, 20), exif=exif)
    train = opened(tmp_path).train
    assert train.sizes.tolist() == [[20, 10]]
    turned = [np.rot90(noise(i, 10, 20), -1).transpose(2, 0, 1).tobytes() for i in range(2)]
    assert contents(train) <= set(turned)


def test_palettes_and_transparency_become_rgb(tmp_path):
    colour = Image.fromarray(noise(0))
    colour.quantize(16).save(tmp_path / "palette.png", transparency=b"\x00\x80")
    colour.convert("RGBA").save(tmp_path / "alpha.png")
    splits = opened(tmp_path)
    assert splits.train.channels == 3
    assert noise(0).transpose(2, 0, 1).tobytes() in contents(splits.train) | contents(
        splits.validation
    )


def test_sixteen_bits_are_kept(tmp_path):
    deep = np.arange(3 * 64, dtype=np.uint16).reshape(3, 8, 8) * 300
    for i, picture in enumerate(deep):
        save(tmp_path / f"{i}.{'tiff' if i else 'png'}", picture)
    splits = opened(tmp_path)
    assert (splits.train.levels, splits.train.channels) == (65535, 1)
    assert contents(splits.train) | contents(splits.validation) == {
        picture.astype(np.int32).tobytes() for picture in deep
    }


def test_pages_of_a_tiff_are_channels(tmp_path):
    for i in range(2):
        pages = [Image.fromarray(noise(10 * i + page, channels=1)) for page in range(5)]
        pages[0].save(tmp_path / f"{i}.tif", save_all=True, append_images=pages[1:])
    train = opened(tmp_path).train
    assert train.channels == 5
    assert contents(train) <= {
        b"".join(noise(10 * i + page, channels=1).tobytes() for page in range(5)) for i in range(2)
    }


def test_grey_among_colour_is_widened_with_a_note(tmp_path):
    for i in range(4):
        save(tmp_path / f"{i}.png", noise(i, channels=1 if i == 0 else 3))
    splits = opened(tmp_path)
    assert splits.train.channels == 3
    assert "1 grey pictures are widened to RGB." in splits.notes
    found = contents(splits.train) | contents(splits.validation)
    assert noise(0, channels=1).tobytes() * 3 in found


def test_other_mixtures_are_refused_with_counts(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", noise(i))
    save(tmp_path / "deep.png", noise(9, channels=1).astype(np.uint16))
    with pytest.raises(Refusal, match=r"1 of 1 channel in 16 bits \(such as deep.png\); 3 of 3 ch"):
        opened(tmp_path)


def test_sizes_may_differ(tmp_path):
    for i in range(10):
        save(tmp_path / f"{i}.png", noise(i, 40 + i, 60))
    splits = opened(tmp_path)
    assert isinstance(splits.train, Streamed)
    assert splits.size == 64
    assert any("10 of 10 pictures have a side below 64" in note for note in splits.notes)
    whole = splits.train.fetch(
        [Request(torch.tensor([2]))], lambda picture, plan, row: [picture.float()]
    )
    assert next(whole).crops[0].shape[2:] == tuple(splits.train.sizes[2].tolist())


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
def test_a_large_folder_streams_the_same_pictures(classes, monkeypatch, workers):
    resident = opened(classes)
    monkeypatch.setattr(folder, "RESIDENT_BYTES", 1000)
    streamed = opened(classes, workers=workers)
    assert isinstance(resident.train, Resident)
    assert isinstance(streamed.train, Streamed)
    assert (streamed.mean, streamed.std) == (resident.mean, resident.std)
    index = torch.arange(len(resident.train))
    (answer,) = streamed.train.fetch([Request(index)], lambda picture, plan, row: [picture.float()])
    assert torch.equal(answer.crops[0], resident.train.pictures.float())
    assert torch.equal(streamed.train.labels, resident.train.labels)


def bomb(path):
    """A PNG whose header promises 30,000 x 30,000 pixels."""
    Image.new("L", (1, 1)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 30000, 30000)
    import zlib

    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


@pytest.mark.parametrize("streaming", [False, True])
def test_bad_files_are_set_aside_and_listed(classes, monkeypatch, streaming):
    if streaming:
        monkeypatch.setattr(folder, "RESIDENT_BYTES", 0)
    (classes / "a" / "zero.png").write_bytes(b"")
    (classes / "a" / "text.jpg").write_text("not a picture")
    bomb(classes / "b" / "bomb.png")
    whole = (classes / "b" / "1.png").read_bytes()
    (classes / "b" / "cut.png").write_bytes(whole[: len(whole) // 2])
    splits = opened(classes, max_bad=0.1, workers=0)
    asked = (Request(torch.tensor([i])) for i in range(len(splits.train)))
    for _ in splits.train.fetch(asked, lambda picture, plan, row: [picture.float()]):
        pass
    aside = splits.train.quarantine()
    named = {line.split(":")[0] for line in aside}
    expected = {"a/zero.png", "a/text.jpg", "b/bomb.png"}
    assert expected <= named <= expected | {"b/cut.png"}
    assert streaming or "b/cut.png" in named
    assert any("zero bytes" in line for line in aside)
    assert any("decompression bomb" in line for line in aside)
    assert any("set aside" in note for note in splits.notes)


def test_too_many_bad_files_are_refused(classes):
    for i in range(10):
        (classes / "a" / f"zero{i}.png").write_bytes(b"")
    with pytest.raises(Refusal, match=r"10 of 70 .*zero bytes.*data.max_bad=0.05"):
        opened(classes)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(Refusal, match="there is no folder"):
        opened(tmp_path / "nowhere")


def test_a_file_is_refused(tmp_path):
    save(tmp_path / "one.png", noise(0))
    with pytest.raises(Refusal, match="is a file; give the folder"):
        opened(tmp_path / "one.png")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no pictures and 0 other files"):
        opened(tmp_path)


def test_one_picture_is_refused(tmp_path):
    save(tmp_path / "one.png", noise(0))
    with pytest.raises(Refusal, match="one picture"):
        opened(tmp_path)


def test_copies_of_one_picture_are_refused(tmp_path):
    for i in range(5):
        save(tmp_path / f"{i}.png", noise(0))
    with pytest.raises(Refusal, match="copies of one picture"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,class\n", "columns class, name; expected 'file'"),
        ("", "columns none"),
        ("file,label\na/00.png,x\n", r"such as 'a/00.png'.*did you mean 'a/0.png'"),
        ("file;label\na/0.png;x\n", "with commas between"),
        ("file,label\n", "name no files"),
        ("file,label,label\na/0.png,x,y\n", "column 'label' twice"),
        ("file,label\na/0.png,x,y\n", "more fields than columns in row 2"),
        ("file,label\na/0.png,x\nb/1.png,x\na/0.png,y\n", "give a/0.png the labels 'x' and 'y'"),
        ('file,label\n"a/0.png,x\n' + "b/1.png,x\n" * 99, r"^.{0,400}$"),
    ],
)
def test_bad_labels_are_refused(classes, tmp_path, text, sentence):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(Refusal, match=sentence):
        opened(classes, labels=str(tmp_path / "labels.csv"))


def test_missing_labels_file_is_refused(classes, tmp_path):
    with pytest.raises(Refusal, match="cannot be read: No such file"):
        opened(classes, labels=str(tmp_path / "nowhere.csv"))


def test_labels_that_are_no_utf_8_are_refused(classes, tmp_path):
    (tmp_path / "labels.csv").write_bytes("file,label\na/0.png,é\n".encode("latin-1"))
    with pytest.raises(Refusal, match="save them as UTF-8"):
        opened(classes, labels=str(tmp_path / "labels.csv"))


def test_nothing_is_no_folder():
    with pytest.raises(Refusal, match="no folder ''"):
        list_pictures("")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes")
def test_a_pipe_is_set_aside(classes):
    os.mkfifo(classes / "a" / "pipe.png")
    (classes / "a" / "gone.png").symlink_to("nowhere.png")
    assert opened(classes, max_bad=0.1).train.quarantine() == [
        "a/gone.png: no file",
        "a/pipe.png: no regular file",
    ]


def test_what_runs_write_among_the_pictures_is_no_picture(classes):
    for name in ("run.yaml", "comparison.json"):
        save(classes / "runs" / name / "views.webp", noise(99))
        (classes / "runs" / name / name).write_text("")
    assert list_pictures(str(classes)).names == tuple(
        sorted(f"{'ab'[i % 2]}/{i}.png" for i in range(60))
    )


def test_the_mark_is_of_content_labels_and_division(classes, tmp_path):
    first = opened(classes).mark
    assert first
    (classes / "a" / "0.png").rename(classes / "a" / "renamed.png")
    assert opened(classes).mark == first
    (classes / "a" / "2.png").rename(classes / "b" / "2.png")
    moved = opened(classes).mark
    assert moved != first
    (classes / "b" / "2.png").unlink()
    assert opened(classes).mark not in {first, moved}
    assert opened(classes, validation=0.3).mark != opened(classes).mark


def test_pictures_are_shared_while_no_file_changes(classes):
    config = Data(name=str(classes))
    first = shared_splits(config)
    assert shared_splits(config) is first
    save(classes / "a" / "more.png", noise(500))
    second = shared_splits(config)
    assert len(second.train) + len(second.validation) + len(second.test) == 61
    (classes / "a" / "more.png").unlink()
