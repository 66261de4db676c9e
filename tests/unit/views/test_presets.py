import subprocess
import sys
from typing import Any

import pytest

from selftaught.config import Views as Config
from selftaught.errors import Refusal
from selftaught.views.presets import VARIANTS, View, resolve, small_side


def views(asked: str = "symmetric", preset: str = "small", **given: Any) -> tuple[View, ...]:
    place = {"count": 2, "channels": 3, "size": 32}
    place |= {
        name: given.pop(name) for name in list(given) if name in (*place, "small", "multiple")
    }
    return resolve(Config(**given), asked=asked, preset=preset, **place)


def test_simclr_on_natural_pictures_has_the_papers_values() -> None:
    first, second = views(preset="natural", size=224)
    assert first == second
    assert (first.crop, first.flip, first.ratio) == ((0.08, 1.0), 0.5, (3 / 4, 4 / 3))
    assert (first.jitter, first.jitter_probability) == ((0.8, 0.8, 0.8, 0.2), 0.8)
    assert (first.grayscale, first.blur, first.sigma) == (0.2, 0.5, (0.1, 2.0))


def test_byol_and_vicreg_on_natural_pictures_have_the_papers_values() -> None:
    for asked in ("asymmetric", "vicreg"):
        first, second = views(asked, "natural", size=224)
        assert first.jitter == second.jitter == (0.4, 0.4, 0.2, 0.1)
        assert (first.blur, second.blur) == (1.0, 0.1)
        assert (first.solarise, second.solarise) == (0.0, 0.2)


def test_small_pictures_have_the_cifar_recipes() -> None:
    for asked, crop, jitter, solarise in [
        ("symmetric", 0.08, (0.8, 0.8, 0.8, 0.2), (0.0, 0.0)),
        ("asymmetric", 0.08, (0.4, 0.4, 0.2, 0.1), (0.0, 0.2)),
        ("weak", 0.08, (0.4, 0.4, 0.4, 0.1), (0.0, 0.0)),
        ("vicreg", 0.2, (0.4, 0.4, 0.2, 0.1), (0.1, 0.1)),
    ]:
        pair = views(asked)
        for view, sun in zip(pair, solarise, strict=True):
            assert (view.crop, view.jitter, view.blur) == ((crop, 1.0), jitter, 0.0)
            assert (view.solarise, view.grayscale, view.flip) == (sun, 0.2, 0.5)


def test_digits_are_never_mirrored_and_shapes_never_blurred() -> None:
    for asked in VARIANTS["digits"]:
        assert all(view.flip == 0 for view in views(asked, "digits", size=64))
        assert all(view.blur == 0 for view in views(asked, "shapes", size=64))


def test_every_variant_knows_every_manner() -> None:
    assert {tuple(sorted(v)) for v in VARIANTS.values()} == {
        ("asymmetric", "masked", "pretext", "supervised", "symmetric", "vicreg", "weak")
    }


def test_supervised_views_are_cropped_and_mirrored_and_no_more() -> None:
    for preset in VARIANTS:
        for view in views("supervised", preset, size=64):
            assert view.crop is not None and view.flip == (0.0 if preset == "digits" else 0.5)
            assert view.jitter_probability == view.grayscale == view.blur == view.solarise == 0


@pytest.mark.parametrize("manner", ["masked", "pretext"])
@pytest.mark.parametrize("preset", VARIANTS)
def test_masked_and_pretext_views_keep_their_colours(manner: str, preset: str) -> None:
    first, second = views(manner, preset, size=64)
    assert first == second
    assert (first.jitter_probability, first.grayscale, first.blur, first.solarise) == (0, 0, 0, 0)
    assert first.flip == (0.0 if preset == "digits" else 0.5)


def test_crops_of_masked_and_pretext_views() -> None:
    crops = {
        (manner, preset): views(manner, preset, size=64)[0].crop
        for manner in ("masked", "pretext")
        for preset in ("natural", "small", "shapes")
    }
    assert crops == {
        ("masked", "natural"): (0.2, 1.0),
        ("masked", "small"): (0.2, 1.0),
        ("masked", "shapes"): (0.35, 1.0),
        ("pretext", "natural"): (0.5, 1.0),
        ("pretext", "small"): (0.5, 1.0),
        ("pretext", "shapes"): (0.5, 1.0),
    }


def test_the_configuration_replaces_values() -> None:
    first, second = views(
        crop=(0.3, 0.9), flip=0.0, blur=(0.7, 0.2), solarise=0.4, jitter=(0.1, 0.2, 0.3, 0.05)
    )
    assert first.crop == second.crop == (0.3, 0.9)
    assert (first.flip, first.jitter) == (0.0, (0.1, 0.2, 0.3, 0.05))
    assert (first.blur, second.blur) == (0.7, 0.2)
    assert (first.solarise, second.solarise) == (0.4, 0.4)
    assert first.grayscale == 0.2


def test_the_configured_preset_replaces_what_the_method_asks_for() -> None:
    assert views("symmetric") != views("weak")
    given = resolve(
        Config(preset="weak"), asked="symmetric", preset="small", count=2, channels=3, size=32
    )
    assert given == views("weak")


def test_odd_and_even_views_alternate() -> None:
    first, second = views("asymmetric")
    assert views("asymmetric", count=5) == (first, second, first, second, first)
    assert views("asymmetric", count=1) == (first,)


def test_pictures_that_are_not_rgb_have_no_colour_to_change() -> None:
    for channels in (1, 2, 4):
        first, _ = views(preset="natural", size=224, channels=channels)
        assert (first.jitter, first.grayscale, first.blur) == ((0.8, 0.8, 0.0, 0.0), 0.0, 0.5)


def test_views_too_small_to_blur_are_not_blurred() -> None:
    assert views(blur=1.0, size=20)[0].blur == 1.0
    assert views(blur=1.0, size=19)[0].blur == 0.0


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(Refusal, match=r"preset='symetric'.*did you mean 'symmetric'"):
        resolve(
            Config(preset="symetric"), asked="weak", preset="small", count=2, channels=3, size=9
        )
    with pytest.raises(Refusal, match=r"'naturl'.*did you mean 'natural'"):
        views(preset="naturl")
    with pytest.raises(Refusal, match=r"crop=0\.9,0\.3"):
        views(crop=(0.9, 0.3))
    with pytest.raises(Refusal, match="crop=0,1"):
        views(crop=(0.0, 1.0))
    for hue in (0.6, -0.1):
        with pytest.raises(Refusal, match="hue"):
            views(jitter=(0.1, 0.1, 0.1, hue))


def test_no_torch_is_needed_to_check_a_configuration() -> None:
    code = "import sys, selftaught.views.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Small crops --------------------------------------------------------------------------------------


def test_small_crops_follow_the_full_views_and_share_one_law() -> None:
    """DINO's and SwAV's authors: the same colours, a share of 0.05 to 0.4, never solarised."""
    full = views("asymmetric", "natural", size=224)
    given = views("asymmetric", "natural", size=224, small=3)
    assert given[:2] == full
    assert len(given) == 5 and len(set(given[2:])) == 1
    small = given[2]
    assert (small.size, small.crop) == (96, (0.05, 0.4))
    assert (small.jitter, small.grayscale, small.flip) == (full[0].jitter, 0.2, 0.5)
    assert (small.blur, small.solarise) == (pytest.approx(0.55), 0.0)
    assert all(view.size is None for view in full)


def test_small_crops_alone_change_with_their_keys() -> None:
    given = views(size=64, small=1, small_size=24, small_crop=(0.1, 0.3), crop=(0.5, 1.0))
    assert [view.crop for view in given] == [(0.5, 1.0), (0.5, 1.0), (0.1, 0.3)]
    assert given[-1].size == 24


def test_small_crops_of_few_pixels_are_not_blurred() -> None:
    assert views("symmetric", "natural", size=48, small=1)[-1].blur == 0.5  # 21 px
    assert views("symmetric", "natural", size=40, small=1)[-1].blur == 0.0  # 17 px


def test_small_crops_that_are_not_rgb_have_no_colour_to_change() -> None:
    assert views(size=64, channels=1, small=1)[-1].jitter[2:] == (0.0, 0.0)
    assert views(size=64, channels=1, small=1)[-1].grayscale == 0.0


@pytest.mark.parametrize(
    ("size", "multiple", "side"),
    [(224, 1, 96), (224, 16, 96), (32, 1, 14), (32, 4, 12), (96, 8, 40)],
)
def test_the_side_of_a_small_crop_is_three_sevenths_in_whole_patches(
    size: int, multiple: int, side: int
) -> None:
    assert small_side(Config(), size, multiple) == side


def test_small_crops_that_do_not_suit_are_refused() -> None:
    with pytest.raises(
        Refusal, match=r"small_size=32 .* views of 32 px; give a side below 32, .* 14"
    ):
        views(small=1, small_size=32)
    with pytest.raises(Refusal, match=r"small_size=14 .* multiple of the encoder's 4 px .* as 12"):
        views(small=1, small_size=14, multiple=4)
    with pytest.raises(Refusal, match=r"small_crop=0\.4,0\.1"):
        views(small=1, small_crop=(0.4, 0.1))
    assert len(views(small=0, small_size=32)) == 2  # nobody asked for any
