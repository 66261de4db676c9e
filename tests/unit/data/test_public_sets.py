"""Readers of the public sets, on small files in the same layout; checksums are bypassed."""

import pickle
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from selftaught.config import Data
from selftaught.data import open_splits, stl10
from selftaught.data.roots import data_root
from selftaught.errors import Refusal

torchvision = pytest.importorskip("torchvision")


@pytest.fixture
def unchecked(monkeypatch):
    for reader in (torchvision.datasets.CIFAR10, torchvision.datasets.STL10):
        monkeypatch.setattr(reader, "_check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)


@pytest.fixture
def offline(monkeypatch):
    def unreachable(*arguments, **options):
        raise URLError("no network")

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", unreachable)
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", unreachable)


def cifar_files(folder, train, test, classes, key):
    folder.mkdir()
    generator = np.random.default_rng(0)
    rows = {}
    for file in (*train, test):
        data = generator.integers(0, 256, (20, 3072), dtype=np.uint8)
        rows[file] = data
        labels = [i % len(classes) for i in range(20)]
        entry = {"data": data, key: labels}
        (folder / file).write_bytes(pickle.dumps(entry))
    return rows


def test_cifar10(tmp_path, unchecked):
    batches = [f"data_batch_{i}" for i in range(1, 6)]
    classes = [f"class{i}" for i in range(10)]
    rows = cifar_files(tmp_path / "cifar-10-batches-py", batches, "test_batch", classes, "labels")
    meta = pickle.dumps({"label_names": classes})
    (tmp_path / "cifar-10-batches-py" / "batches.meta").write_bytes(meta)
    splits = open_splits(Data(name="cifar10", root=str(tmp_path), validation=0.2))
    assert splits.classes == tuple(classes)
    assert torch.equal(splits.test.pictures.flatten(1), torch.from_numpy(rows["test_batch"])), (
        "rows of CIFAR's files are planes, as ours are"
    )
    assert splits.train.labels.bincount().tolist() == [8] * 10
    assert splits.validation.labels.bincount().tolist() == [2] * 10
    taken = open_splits(Data(name="cifar10", root=str(tmp_path), validation=0.2, take=50))
    assert taken.train.labels.bincount().tolist() == [4] * 10


def test_cifar100(tmp_path, unchecked):
    classes = [f"fine{i}" for i in range(20)]
    cifar_files(tmp_path / "cifar-100-python", ["train"], "test", classes, "fine_labels")
    meta = pickle.dumps({"fine_label_names": classes})
    (tmp_path / "cifar-100-python" / "meta").write_bytes(meta)
    splits = open_splits(Data(name="cifar100", root=str(tmp_path)))
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (18, 2, 20)


def stl10_files(root):
    folder = root / "stl10_binary"
    folder.mkdir()
    generator = np.random.default_rng(0)
    written = {}
    for part, count in {"train": 30, "test": 10, "unlabeled": 7}.items():
        pictures = generator.integers(0, 256, (count, 3, 96, 96), dtype=np.uint8)
        written[part] = pictures
        pictures.transpose(0, 1, 3, 2).tofile(folder / f"{part}_X.bin")
        if part != "unlabeled":
            (np.arange(count, dtype=np.uint8) % 10 + 1).tofile(folder / f"{part}_y.bin")
    (folder / "class_names.txt").write_text("\n".join(f"class{i}" for i in range(10)) + "\n")
    return folder, written


def test_stl10(tmp_path, unchecked):
    folder, written = stl10_files(tmp_path)
    splits = open_splits(Data(name="stl10", root=str(tmp_path), validation=0.34))
    assert torch.equal(splits.test.pictures, torch.from_numpy(written["test"]))
    assert torch.equal(splits.unlabelled.pictures, torch.from_numpy(written["unlabeled"]))
    assert splits.unlabelled.labels is None
    assert splits.test.labels.tolist() == list(range(10))
    assert splits.train.labels.bincount().tolist() == [2] * 10
    reference = torchvision.datasets.STL10(tmp_path, split="train")
    ours = stl10.labelled(folder, "train")
    assert np.array_equal(reference.data, ours.pictures.numpy())
    assert np.array_equal(reference.labels, ours.labels.numpy())


def test_the_ten_folds_are_rows_of_the_training_pictures(tmp_path):
    rows = np.arange(10_000).reshape(10, 1000) % 5000
    text = "\n".join(" ".join(map(str, fold)) + " " for fold in rows) + "\n"
    (tmp_path / "fold_indices.txt").write_text(text)
    assert stl10.folds(tmp_path).tolist() == rows.tolist()


@pytest.mark.parametrize("part", ["imagenet", "."])
def test_imagenet(tmp_path, part):
    for split, count in {"train": 10, "val": 3}.items():
        for wnid in ("n02", "n01"):
            folder = tmp_path / part / split / wnid
            folder.mkdir(parents=True)
            for i in range(count):
                mode = "L" if i == 0 else "RGB"
                Image.new(mode, (40 + i, 50)).save(folder / f"{i}.JPEG")
    splits = open_splits(Data(name="imagenet", root=str(tmp_path), workers=0))
    assert splits.classes == ("n01", "n02")
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (18, 2, 6)
    assert splits.validation.labels.tolist() == [0, 1]
    assert splits.test.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert splits.test.sizes[:3].tolist() == [[50, 40], [50, 41], [50, 42]]
    assert splits.test.channels == 3


def test_imagenet_that_is_missing_says_what_goes_where(tmp_path):
    with pytest.raises(Refusal, match=r"ILSVRC2012_img_train.tar.*imagenet/train/WNID"):
        open_splits(Data(name="imagenet", root=str(tmp_path)))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cifar10", "cifar-10-python.tar.gz"),
        ("cifar100", "cifar-100-python.tar.gz"),
        ("stl10", "stl10_binary.tar.gz"),
    ],
)
def test_offline_says_which_file_goes_where(tmp_path, offline, name, file):
    with pytest.raises(Refusal, match=rf"{file}.*https://.*place it in {tmp_path}"):
        open_splits(Data(name=name, root=str(tmp_path)))


def test_the_data_root(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("SELFTAUGHT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_root(None) == tmp_path / "selftaught" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_root(None) == Path.home() / ".cache" / "selftaught" / "data"
    monkeypatch.setenv("SELFTAUGHT_DATA", "/elsewhere")
    assert data_root(None) == Path("/elsewhere")
    assert data_root("/given") == Path("/given")
