"""What is kept of a picture, against SciPy, Pillow and plain arithmetic."""

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from selftaught.doctor.measures import BITS, Measures, measure, perceptual, reduced


def channels_first(pixels):
    return np.atleast_3d(pixels).transpose(2, 0, 1)[None]


def test_the_hash_is_the_sign_of_scipys_low_frequencies(scene):
    copies = np.stack([scene(seed, 32, 1)[..., 0] for seed in range(20)])
    low = dctn(copies.astype(np.float64), axes=(1, 2), norm="ortho")[:, :8, :8].reshape(20, -1)[
        :, 1:
    ]
    expected = [sum(1 << bit for bit in range(BITS) if row[bit] > 1e-3) for row in low]
    assert perceptual(copies).tolist() == expected


def test_boxes_are_averages_as_pillow_has_them(scene):
    pixels = scene(0, 96, 1)[..., 0]
    boxes = Image.fromarray(pixels).convert("F").resize((32, 32), Image.Resampling.BOX)
    assert np.allclose(reduced(pixels[None, None], 32)[0, 0], np.asarray(boxes), atol=1e-3)


@pytest.mark.parametrize("size", [(8, 8), (5, 70), (33, 31), (1, 1)])
def test_every_size_has_a_small_copy(size):
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, *size), dtype=np.uint8)
    assert measure(pixels, 255).copies.shape == (1, 32, 32)


def test_brightness_changes_the_digest_and_neither_copy_nor_hash(scene):
    dark = (scene(1).astype(int) // 2).astype(np.uint8)
    light = (dark + 60).astype(np.uint8)
    first, second = measure(channels_first(dark), 255), measure(channels_first(light), 255)
    assert first.hashes == second.hashes
    assert np.abs(first.copies.astype(int) - second.copies).max() <= 1
    assert (first.digests != second.digests).any()


def test_the_digest_knows_the_shape():
    flat = np.arange(36, dtype=np.uint8)
    digests = [
        measure(flat.reshape(1, 1, *shape), 255).digests for shape in ((6, 6), (4, 9), (9, 4))
    ]
    assert len({tuple(digest[0]) for digest in digests}) == 3


def test_moments_contrast_and_colour_are_those_of_the_pixels(scene):
    pixels = channels_first(scene(2))
    found, unit = measure(pixels, 255), pixels[0] / 255
    assert np.allclose(found.mean[0], unit.mean((1, 2)), atol=1e-6)
    assert np.allclose(found.square[0], (unit**2).mean((1, 2)), atol=1e-6)
    assert found.colour[0] == pytest.approx((unit.max(0) - unit.min(0)).mean(), abs=1e-6)
    assert found.brightest[0] == pytest.approx(unit.max())
    grey = Image.fromarray(scene(2)).convert("L")
    assert found.contrast[0] == pytest.approx(np.asarray(grey).std() / 255, abs=0.003)


def test_sixteen_bits_are_measured_in_their_own_levels():
    deep = np.arange(64 * 64, dtype=np.int32).reshape(1, 1, 64, 64)
    found = measure(deep, 65535)
    assert found.brightest[0] == pytest.approx(4095 / 65535)
    assert found.copies.max() == 255


def test_a_large_picture_is_measured_on_a_grid(scene):
    pixels = channels_first(np.repeat(np.repeat(scene(3, 32), 40, 0), 40, 1))
    small = measure(channels_first(scene(3, 32)), 255)
    large = measure(pixels, 255)
    assert np.allclose(large.mean, small.mean, atol=0.02)
    assert large.hashes == small.hashes


def test_pictures_of_different_channels_are_joined():
    grey = measure(np.full((2, 1, 8, 8), 100, np.uint8), 255)
    colour = measure(np.full((1, 3, 8, 8), 200, np.uint8), 255)
    joined = Measures.joined([grey, colour])
    assert len(joined) == 3
    assert np.isnan(joined.mean[:2, 1:]).all()
    assert np.allclose(joined.brightness, [100 / 255, 100 / 255, 200 / 255])
    assert len(Measures.joined([])) == 0
