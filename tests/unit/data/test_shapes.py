"""The drawn set: frozen to the byte, and told by nothing but the outline."""

import hashlib

import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from selftaught.config import Data
from selftaught.data import open_splits, shapes


@pytest.fixture(scope="module")
def drawn():
    return shapes.draw(torch.arange(shapes.TRAIN + shapes.TEST))


def score(classifier, features, labels):
    train, test = slice(0, shapes.TRAIN), slice(shapes.TRAIN, None)
    return classifier.fit(features[train], labels[train]).score(features[test], labels[test])


def test_every_byte_is_frozen(drawn):
    pictures, labels = drawn
    digest = hashlib.sha256(pictures.numpy().tobytes())
    digest.update(labels.numpy().astype("<i8").tobytes())
    assert digest.hexdigest() == shapes.FROZEN
    assert shapes.digest(pictures, labels) == shapes.FROZEN


def test_the_set_is_drawn_once_and_a_damaged_copy_is_drawn_anew(drawn, tmp_path, monkeypatch):
    drawings = []
    monkeypatch.setattr(shapes, "draw", lambda indices: drawings.append(len(indices)) or drawn)
    first = shapes.drawn_once(tmp_path / "new")
    (file,) = (tmp_path / "new").iterdir()
    again = shapes.drawn_once(tmp_path / "new")
    assert drawings == [7000]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1  # a bit of a picture
    file.write_bytes(content)
    assert torch.equal(shapes.drawn_once(tmp_path / "new")[0], drawn[0])
    assert drawings == [7000, 7000]
    file.write_bytes(b"torn")
    shapes.drawn_once(tmp_path / "new")
    assert torch.equal(shapes.drawn_once(tmp_path / "new")[0], drawn[0])
    assert len(drawings) == 3


def test_a_folder_that_cannot_be_written_costs_the_drawing_alone(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(shapes, "draw", lambda indices: drawn)
    (tmp_path / "file").write_text("in the way")
    assert shapes.drawn_once(tmp_path / "file")[0] is drawn[0]
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_picture_depends_on_its_number_alone(drawn):
    rows = torch.tensor([6999, 3, 250, 249])
    pictures, labels = shapes.draw(rows)
    assert torch.equal(pictures, drawn[0][rows])
    assert torch.equal(labels, drawn[1][rows])


def test_outlines_stay_inside_the_grid():
    cells = shapes.masters()
    assert not cells[:, [0, -1]].any()
    assert not cells[:, :, [0, -1]].any()


def test_silhouettes_cover_the_same_area(drawn):
    labels = drawn[1][:2000]
    keys = shapes.Keys(shapes.SEED, 0, torch.arange(2000))
    area = shapes.coverage(keys, labels, shapes.masters()).sum((1, 2)).double() / 16
    means = torch.stack([area[labels == label].mean() for label in range(10)])
    assert (means.max() - means.min()) / means.mean() < 0.06


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_raw_pixel_neighbours_stay_under_45_percent(drawn, metric):
    pixels = drawn[0].flatten(1).float() / 255
    memory, asked = pixels[: shapes.TRAIN], pixels[shapes.TRAIN :]
    dots, square = asked @ memory.T, memory.square().sum(1)
    closeness, near = (dots / square.sqrt() if metric == "cosine" else 2 * dots - square).topk(20)
    votes = torch.nn.functional.one_hot(drawn[1][: shapes.TRAIN][near]).double()
    distance = asked.square().sum(1, keepdim=True).sqrt() - closeness
    if metric == "euclidean":
        distance = (asked.square().sum(1, keepdim=True) - closeness).clamp(min=0).sqrt()
    for weights in (torch.ones_like(distance), 1 / distance):
        found = (votes * weights[..., None]).sum(1).argmax(1)
        accuracy = (found == drawn[1][shapes.TRAIN :]).double().mean()
        assert 0.2 < accuracy < 0.45


def segmented(pictures):
    """Mask of what differs from the picture's border: an estimate of the silhouette."""
    edge = torch.cat([pictures[:, :, [0, -1]].flatten(2), pictures[:, :, :, [0, -1]].flatten(2)], 2)
    return ((pictures - edge.median(-1).values[..., None, None]).abs().sum(1) > 60).double()


def cues(pictures):
    pictures = pictures.double()
    grey = pictures.mean(1)
    mask = segmented(pictures)
    area = mask.sum((1, 2))
    ticks = torch.arange(shapes.SIDE)
    rows, columns = mask.amax(2), mask.amax(1)
    ends = [rows.argmax(1) + 31 - rows.flip(1).argmax(1)]
    ends.append(columns.argmax(1) + 31 - columns.flip(1).argmax(1))
    centroid = [(mask.sum(dim) * ticks).sum(1) / area.clamp(min=1) for dim in (1, 2)]
    return {
        "colour": pictures.mean((2, 3)),
        "position": torch.stack(centroid, 1),
        "box": torch.stack(ends, 1),
        "brightness": torch.stack([grey.mean((1, 2)), grey.std((1, 2))], 1),
        "area": area[:, None],
    }


@pytest.mark.parametrize("cue", ["colour", "position", "box", "brightness", "area"])
def test_no_class_is_told_by(drawn, cue):
    features = cues(drawn[0])[cue].numpy()
    for classifier in (
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), KNeighborsClassifier(20)),
        RandomForestClassifier(10, max_depth=8, random_state=0),
    ):
        assert score(classifier, features, drawn[1].numpy()) < 0.2


def test_splits_are_balanced_and_do_not_overlap(drawn, monkeypatch):
    monkeypatch.setattr(shapes, "draw", lambda indices: drawn)
    splits = open_splits(Data(name="shapes"))
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (4500, 500, 2000)
    assert splits.classes == shapes.CLASSES
    for part in (splits.train, splits.validation, splits.test):
        assert len(set(part.labels.bincount().tolist())) == 1
    seen = [set(map(bytes, part.pictures.flatten(1).numpy())) for part in
            (splits.train, splits.validation, splits.test)]  # fmt: skip
    assert len(seen[0] | seen[1] | seen[2]) == 7000
