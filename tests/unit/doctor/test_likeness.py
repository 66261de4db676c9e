"""Near-duplicates: found when one shot was saved, sized, moved or coloured again, and not else."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy.spatial.distance import cdist

from selftaught.doctor import likeness
from selftaught.doctor.measures import Measures, measure


def measured(*pictures):
    return Measures.joined(
        [
            measure(np.asarray(each.convert("RGB")).transpose(2, 0, 1)[None], 255)
            for each in pictures
        ]
    )


def as_jpeg(picture, quality=40):
    file = io.BytesIO()
    picture.save(file, format="JPEG", quality=quality)
    return Image.open(file)


def moved(picture, by=1):
    return picture.transform(picture.size, Image.Transform.AFFINE, (1, 0, by, 0, 1, by))


AGAIN = {
    "saved as a JPEG": as_jpeg,
    "smaller": lambda p: p.resize((40, 40), Image.Resampling.BICUBIC),
    "larger": lambda p: p.resize((150, 150), Image.Resampling.BICUBIC),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.2),
    "of less contrast": lambda p: ImageEnhance.Contrast(p).enhance(0.7),
    "in grey": lambda p: p.convert("L"),
}


@pytest.mark.parametrize("how", AGAIN)
def test_one_shot_made_again_is_found_whatever_was_done(how, picture):
    originals = [picture(seed, 64) for seed in range(60)]
    again = measured(*(AGAIN[how](each) for each in originals[:20]))
    pairs = likeness.near_duplicates(again, measured(*originals))
    assert (pairs.first == pairs.second).all()
    assert len(pairs.first) >= 18


def test_different_pictures_are_none(picture):
    assert (
        len(likeness.near_duplicates(measured(*(picture(s, 32) for s in range(1000)))).first) == 0
    )


def test_plain_pictures_are_none():
    """Fields of light on an empty slide: their hashes are alike, and there is nothing to see but grain."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    light = 220 / (1 + x**2 + 1.3 * y**2 + 0.4 * x * y + 0.5 * x + 0.2 * y)[..., None]
    pictures = [
        Image.fromarray((light + random.normal(0, 0.3, (32, 32, 3))).clip(0, 255).astype(np.uint8))
        for _ in range(60)
    ]
    measures = measured(*pictures)
    found = likeness.close(measures.hashes, measures.hashes, within=True, most=99)
    assert sum(len(first) for first, _, _ in found) > 100
    assert len(likeness.near_duplicates(measures).first) == 0


def test_one_outline_in_other_colours_is_none(picture):
    red = np.asarray(picture(5)).copy()
    blue = red[..., ::-1].copy()
    red[..., 2] //= 4
    blue[..., 0] //= 4
    pictures = measured(Image.fromarray(red), Image.fromarray(blue))
    assert len(likeness.near_duplicates(pictures).first) == 0


@pytest.mark.parametrize("radius", [0, 12, 20])
def test_close_hashes_are_scipys(radius):
    random = np.random.default_rng(1)
    bits = random.random((40, 63)) < 0.5
    bits = np.concatenate([bits ^ (random.random((40, 63)) < share) for share in (0, 0.1, 0.2)])
    hashes = (bits * (np.uint64(1) << np.arange(63, dtype=np.uint64))).sum(1, dtype=np.uint64)
    distances = np.rint(cdist(bits, bits, "hamming") * 63).astype(int)
    expected = {(i, j, d) for (i, j), d in np.ndenumerate(distances) if d <= radius}
    assert gathered(likeness.close(hashes, hashes, radius=radius, most=999)) == expected
    assert gathered(likeness.close(hashes, hashes, within=True, radius=radius, most=999)) == {
        (i, j, d) for i, j, d in expected if i < j
    }


def gathered(blocks):
    return {tuple(map(int, row)) for block in blocks for row in np.stack(block, axis=1)}


def test_of_many_candidates_the_nearest_are_kept():
    hashes = np.array([0, 0b111, 0b1, 0b11, 0b1111], np.uint64)
    found = gathered(likeness.close(hashes[:1], hashes[1:], most=2))
    assert found == {(0, 1, 1), (0, 2, 2)}


def test_likeness_is_the_best_correlation_over_shifts(picture):
    """Against a loop over shifts with NumPy's own correlation coefficient."""
    first, second = measured(picture(3)).copies, measured(moved(picture(3), 2)).copies
    a, b = likeness.details(first)[0], likeness.details(second)[0]
    inner = a[3:29, 3:29].ravel()
    expected = max(
        np.corrcoef(inner, b[3 + y : 29 + y, 3 + x : 29 + x].ravel())[0, 1]
        for y in range(-3, 4)
        for x in range(-3, 4)
    )
    assert likeness.likeness(first, second)[0] == pytest.approx(expected, abs=1e-3)
