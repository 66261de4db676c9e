"""What holds for every corruption, and the known forms of those that have one."""

import colorsys
import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage, stats
from torch import Tensor

from selftaught.corruptions import CORRUPTIONS, KINS, corrupt, corrupt_each, settings
from selftaught.corruptions.blur import disc, enlarged, glass_blur, motion
from selftaught.corruptions.digital import elastic
from selftaught.corruptions.draws import Draws
from selftaught.corruptions.linear_maps import boxes, gaussian, on_both_sides
from selftaught.corruptions.noise import shot_noise
from selftaught.corruptions.strengths import NATURAL, SMALL
from selftaught.corruptions.textures import ice, plasma
from selftaught.errors import Refusal
from selftaught.keys import Keys

DRAWS_NOTHING = {"defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg"}

NOT_RISING = {
    "small": {"glass_blur", "motion_blur", "frost", "elastic"},
    "natural": {"frost", "fog", "elastic"},
}
"""Whose published settings trade one kind of change for another from one strength to the next."""


def pictures(n: int = 24, channels: int = 3, side: int = 32) -> Tensor:
    """Smooth pictures with hard-edged squares anywhere, between 0 and 1."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(n, channels, 5, 5, generator=generator)
    found = F.interpolate(coarse, (side, side), mode="bicubic").clamp(0.05, 0.95)
    for picture in found:
        for _ in range(4):
            top, left = torch.randint(side - side // 4, (2,), generator=generator).tolist()
            tall, wide = torch.randint(side // 8, side // 3, (2,), generator=generator).tolist()
            colour = torch.rand(channels, 1, 1, generator=generator)
            picture[:, top : top + tall, left : left + wide] = colour
    return found


def keys(n: int = 24) -> Keys:
    return Keys(0, 0, torch.arange(n))


def mean_square(a: Tensor, b: Tensor) -> float:
    return float((a - b).square().mean())


# What holds for all -------------------------------------------------------------------------------


def test_there_are_the_papers_fifteen_in_four_kinds() -> None:
    assert len(CORRUPTIONS) == 15
    assert [len(kin) for kin in KINS.values()] == [3, 4, 3, 5]
    assert list(SMALL) == list(NATURAL) == list(CORRUPTIONS)


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_pictures_stay_pictures(name: str, channels: int) -> None:
    given = pictures(6, channels)
    before = given.clone()
    for found in corrupt_each(given, name, range(6), keys(6)):
        assert found.shape == given.shape
        assert found.dtype == torch.float32
        assert found.isfinite().all()
        assert float(found.min()) >= 0
        assert float(found.max()) <= 1
    assert torch.equal(given, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_black_and_a_white_picture_stay_finite(name: str) -> None:
    flat = torch.stack([torch.zeros(3, 32, 32), torch.ones(3, 32, 32)])
    assert corrupt(flat, name, 5, keys(2)).isfinite().all()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_strength_nought_changes_nothing_and_each_other_something(name: str) -> None:
    given = pictures()
    none, *others = corrupt_each(given, name, range(6), keys())
    assert torch.equal(none, given)
    assert all(mean_square(found, given) > 1e-6 for found in others)


@pytest.mark.parametrize("kind", ["small", "natural"])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_greater_strength_changes_more(name: str, kind: str) -> None:
    given = pictures() if kind == "small" else pictures(3, side=224)
    found = list(corrupt_each(given, name, range(1, 6), keys(len(given))))
    changes = [mean_square(each, given) for each in found]
    if name not in NOT_RISING[kind]:
        assert changes == sorted(changes)
        assert len(set(changes)) == 5


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_picture_is_corrupted_alike_alone_in_another_order_and_at_one_strength(name: str) -> None:
    given = pictures(8)
    whole = list(corrupt_each(given, name, [1, 3, 5], keys(8)))[1]
    assert torch.equal(corrupt(given, name, 3, keys(8)), whole)
    some = torch.tensor([5, 2])
    part = corrupt(given[some], name, 3, Keys(0, 0, some))
    torch.testing.assert_close(part, whole[some], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - DRAWS_NOTHING))
def test_equal_pictures_are_corrupted_differently_and_so_are_seeds(name: str) -> None:
    given = pictures(1).expand(2, -1, -1, -1)
    one, two = corrupt(given, name, 5, keys(2))
    assert mean_square(one, two) > 1e-5
    other = corrupt(given, name, 5, Keys(1, 0, torch.arange(2)))
    assert mean_square(other[0], one) > 1e-5


def test_lengths_follow_the_side_of_the_picture() -> None:
    assert settings("defocus_blur", 5, 32)["radius"] == 1.5
    assert settings("defocus_blur", 5, 64)["radius"] == 3
    assert settings("defocus_blur", 5, 224)["radius"] == 10
    assert settings("defocus_blur", 5, 112)["radius"] == 5
    assert settings("gaussian_noise", 5, 112) == settings("gaussian_noise", 5, 224)
    assert settings("contrast", 1, 95) == settings("contrast", 1, 32)


@pytest.mark.parametrize("side", [28, 33, 64, 96])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_other_sides_work(name: str, side: int) -> None:
    given = pictures(2, 3, side)
    assert corrupt(given, name, 4, keys(2)).shape == given.shape


@pytest.mark.parametrize(
    ("name", "strength", "sentence"),
    [("gausian_noise", 1, "did you mean 'gaussian_noise'"), ("fog", 6, "no strength 6")],
)
def test_what_there_is_not_is_refused(name: str, strength: int, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        corrupt(pictures(1), name, strength, keys(1))


# Noise --------------------------------------------------------------------------------------------


def test_gaussian_noise_is_normal_with_its_deviation() -> None:
    grey = torch.full((20, 3, 32, 32), 0.5)
    noise = (corrupt(grey, "gaussian_noise", 5, keys(20)) - 0.5).flatten()
    assert stats.kstest(noise[::7].numpy(), "norm", (0, 0.1)).pvalue > 1e-3
    rows = noise.view(20, 3, 32, 32)
    neighbours = torch.corrcoef(torch.stack([rows[..., 0::2].flatten(), rows[..., 1::2].flatten()]))
    assert abs(float(neighbours[0, 1])) < 0.02


def test_shot_noise_counts_are_scipys_poisson_quantiles() -> None:
    given = pictures(4).mul(255).round().div(255)
    draws = Draws(keys(4))
    found = shot_noise(given, draws, photons=75.0)
    u = draws.uniforms("shot_noise", 3, 32).double()
    counts = stats.poisson.ppf(u.numpy(), 75 * given.double().numpy())
    expected = torch.from_numpy(counts).clamp(0, 75) / 75
    # A quantile at the very edge of a step may round either way.
    assert float(((found - expected).abs() < 1e-6).double().mean()) > 0.9999


def test_shot_noise_never_makes_the_darker_of_two_pictures_the_lighter() -> None:
    dark, light = torch.full((1, 1, 32, 32), 0.3), torch.full((1, 1, 32, 32), 0.4)
    found = [corrupt(each, "shot_noise", 5, keys(1)) for each in (dark, light)]
    assert (found[0] <= found[1]).all()


def test_impulse_noise_sets_its_share_to_black_and_as_many_to_white() -> None:
    grey = torch.full((40, 3, 32, 32), 0.5)
    found = corrupt(grey, "impulse_noise", 5, keys(40))
    assert float((found == 0).float().mean()) == pytest.approx(0.035, abs=2e-3)
    assert float((found == 1).float().mean()) == pytest.approx(0.035, abs=2e-3)
    assert float((found == 0.5).float().mean()) == pytest.approx(0.93, abs=3e-3)


# Blur ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sigma", "truncate"), [(0.05, 4), (0.7, 4), (6.4, 3), (40.0, 3)])
@pytest.mark.parametrize("mirrored", [True, False])
def test_the_gaussian_is_scipys(sigma: float, truncate: int, mirrored: bool) -> None:
    given = pictures(1, 1)
    matrix = gaussian(32, sigma, truncate=truncate, mirrored=mirrored, device=torch.device("cpu"))
    expected = ndimage.gaussian_filter(
        given[0, 0].double().numpy(),
        sigma,
        mode="reflect" if mirrored else "nearest",
        truncate=truncate,
    )
    found = on_both_sides(matrix, given)[0, 0].double()
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("radius", "soften"), [(0.3, 0.4), (1.5, 0.1), (10.0, 0.5)])
def test_defocus_is_a_convolution_with_a_softened_disc(radius: float, soften: float) -> None:
    kernel = disc(radius, soften, torch.device("cpu"))
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-6)
    assert torch.equal(kernel, kernel.T)
    assert torch.equal(kernel, kernel.flip(0))
    middle = len(kernel) // 2
    away = torch.arange(len(kernel)) - middle
    beyond = (away[:, None].square() + away.square()).sqrt() > radius + 3
    assert kernel[beyond].sum() == 0


def test_defocus_mirrors_at_the_edges() -> None:
    given = pictures(2)
    kernel = disc(1.5, 0.1, torch.device("cpu")).double().numpy()
    found = corrupt(given, "defocus_blur", 5, keys(2))
    for picture, blurred in zip(given.flatten(0, 1), found.flatten(0, 1), strict=True):
        expected = ndimage.convolve(picture.double().numpy(), kernel, mode="mirror")
        np.testing.assert_allclose(blurred.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("near", [1, 2, 4])
def test_glass_only_moves_pixels_and_not_far(near: int) -> None:
    side = 32
    numbered = torch.arange(side * side).view(1, 1, side, side).float() / side**2
    found = glass_blur(
        numbered.expand(5, -1, -1, -1), Draws(keys(5)), sigma=0.0, reach=float(near), times=1.0
    )
    assert torch.equal(found.flatten(1).sort(1).values, numbered.expand(5, -1, -1, -1).flatten(1))
    place = (found * side**2).round().long().flatten(1)
    origin = torch.arange(side * side)
    moved = place != origin
    assert 0.5 < float(moved.float().mean()) < 1
    rows = (place // side - origin // side).abs().float()
    assert float(rows.mean()) < 2 * near


def test_a_point_in_motion_becomes_a_line_of_falling_weight() -> None:
    point = torch.zeros(1, 1, 33, 33)
    point[..., 16, 16] = 1
    angles = torch.tensor([0.0, torch.pi / 2, torch.pi])
    found = motion(point.expand(3, -1, -1, -1), angles, radius=3.0, sigma=2.0)[:, 0]
    expected = torch.exp(-torch.arange(7).square() / 8)
    expected /= expected.sum()
    # A pixel looks along its direction, so a point is seen by those before it.
    torch.testing.assert_close(found[0, 16, 10:17].flip(0), expected)
    torch.testing.assert_close(found[1, 10:17, 16].flip(0), expected)
    torch.testing.assert_close(found[2, 16, 16:23], expected)
    assert found.sum((1, 2)).tolist() == pytest.approx([1, 1, 1])


def test_enlarged_is_scipys_linear_interpolation_about_the_centre() -> None:
    given = pictures(1, 1)
    for factor in (1.0, 1.06, 2.5):
        grid = (np.mgrid[0:32, 0:32] - 15.5) / factor + 15.5
        expected = ndimage.map_coordinates(given[0, 0].double().numpy(), grid, order=1)
        found = enlarged(given, factor)[0, 0].numpy()
        np.testing.assert_allclose(found, expected, atol=1e-5)


# Weather ------------------------------------------------------------------------------------------


def slow_plasma(drawn: Tensor, decay: float) -> Tensor:
    """The midpoint displacement of one map, a point at a time, from the definition."""
    size = len(drawn)
    clouds, step, span = torch.zeros(size, size), size, 1.0
    while step >= 2:
        half = step // 2
        for r in range(half, size, step):
            for c in range(half, size, step):
                corners = [
                    clouds[(r + a) % size, (c + b) % size]
                    for a in (-half, half)
                    for b in (-half, half)
                ]
                clouds[r, c] = sum(corners) / 4 + span * drawn[r, c]
        for r in range(0, size, half):
            for c in range((r + half) % step, size, step):
                around = [
                    clouds[(r + a) % size, (c + b) % size]
                    for a, b in ((half, 0), (-half, 0), (0, half), (0, -half))
                ]
                clouds[r, c] = sum(around) / 4 + span * drawn[r, c]
        step, span = half, span / decay**2
    clouds -= clouds.min()
    return clouds / clouds.max()


@pytest.mark.parametrize("decay", [1.75, 3.0])
def test_plasma_is_the_diamond_square_map(decay: float) -> None:
    draws = Draws(keys(2))
    found = plasma(draws, "fog", 32, decay)
    drawn = 2 * draws.uniforms("fog", 1, 32)[:, 0] - 1
    for each, expected in zip(found, drawn, strict=True):
        torch.testing.assert_close(each, slow_plasma(expected, decay), rtol=0, atol=1e-5)


def test_fog_keeps_the_brightest_value_and_greys_the_rest() -> None:
    given = pictures()
    found = corrupt(given, "fog", 5, keys())
    assert (found.amax((1, 2, 3)) <= given.amax((1, 2, 3)) + 1e-6).all()
    spread = given.std(1).mean() - found.std(1).mean()  # among the channels of a pixel
    assert float(spread) > 0


def test_ice_lets_the_picture_through_and_is_bluish_and_fine() -> None:
    found = ice(Draws(keys(16)), 3, 64)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    assert 0.15 < float(found.mean()) < 0.6
    assert float(found[:, 2].mean()) > float(found[:, 1].mean()) > float(found[:, 0].mean())
    assert float(found.std((2, 3)).min()) > 0.05
    assert ice(Draws(keys(1)), 2, 32).shape == (1, 2, 32, 32)


def test_snow_whitens_and_frost_adds_light_at_strength_one() -> None:
    given = pictures()
    assert (corrupt(given, "snow", 5, keys()).mean((1, 2, 3)) > given.mean((1, 2, 3))).all()
    assert (corrupt(given, "frost", 1, keys()) >= given).all()


# Digital ------------------------------------------------------------------------------------------


def test_brightness_raises_the_value_of_hsv() -> None:
    given = pictures(1, side=8)
    given[0, :, 0, 0] = 0
    given[0, :, 0, 1] = 1
    found = corrupt(given, "brightness", 5, keys(1))
    for picture, lit in zip(given[0].flatten(1).T, found[0].flatten(1).T, strict=True):
        h, s, v = colorsys.rgb_to_hsv(*picture.tolist())
        expected = colorsys.hsv_to_rgb(h, s, min(v + 0.3, 1))
        assert lit.tolist() == pytest.approx(expected, abs=1e-5)


def test_contrast_keeps_means_and_scales_deviations() -> None:
    given = pictures()
    found = corrupt(given, "contrast", 5, keys())
    torch.testing.assert_close(found.mean((2, 3)), given.mean((2, 3)))
    torch.testing.assert_close(found.std((2, 3)), 0.15 * given.std((2, 3)))


def test_elastic_without_strength_is_the_picture() -> None:
    given = pictures(4)
    found = elastic(given, Draws(keys(4)), shift=0.0, width=0.0, jitter=0.0)
    torch.testing.assert_close(found, given, rtol=0, atol=1e-5)


def test_elastic_moves_by_its_smooth_field() -> None:
    given, draws = pictures(1, 1), Draws(keys(1))
    found = elastic(given, draws, shift=3.0, width=2.0, jitter=0.0)
    drawn = 2 * draws.uniforms("elastic field", 2, 32)[0].double().numpy() - 1
    across, down = (3 * ndimage.gaussian_filter(d, 2.0, mode="reflect", truncate=3) for d in drawn)
    rows, columns = np.mgrid[0:32, 0:32].astype(float)
    expected = ndimage.map_coordinates(
        given[0, 0].double().numpy(), (rows + down, columns + across), order=1, mode="mirror"
    )
    np.testing.assert_allclose(found[0, 0].numpy(), expected, atol=1e-4)


@pytest.mark.parametrize(("side", "size"), [(32, 30), (32, 20), (224, 56), (20, 32), (7, 3)])
def test_the_box_filter_is_pillows(side: int, size: int) -> None:
    random = np.random.default_rng(0)
    pixels = random.random((side, side), dtype=np.float32)
    expected = np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BOX))
    matrix = boxes(size, side, torch.device("cpu"))
    found = on_both_sides(matrix, torch.from_numpy(pixels)[None, None])[0, 0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_pillows(channels: int) -> None:
    given = pictures(2, channels)
    found = corrupt(given, "jpeg", 5, keys(2))
    for picture, written in zip(given, found, strict=True):
        pixels = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        file = io.BytesIO()
        Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(file, "JPEG", quality=40)
        expected = np.asarray(Image.open(file)).reshape(pixels.shape)
        assert np.array_equal((written * 255).round().permute(1, 2, 0).numpy(), expected)
