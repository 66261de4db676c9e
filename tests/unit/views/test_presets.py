import subprocess
import sys
from typing import Any

import pytest

from selftaught.config import Views as Config
from selftaught.errors import Refusal
from selftaught.views.presets import VARIANTS, View, resolve


def views(asked: str = "symmetric", preset: str = "small", **given: Any) -> tuple[View, ...]:
    place = {"count": 2, "channels": 3, "size": 32}
    place |= {name: given.pop(name) for name in list(given) if name in place}
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
        ("asymmetric", "supervised", "symmetric", "vicreg", "weak")
    }


def test_supervised_views_are_cropped_and_mirrored_and_no_more() -> None:
    for preset in VARIANTS:
        for view in views("supervised", preset, size=64):
            assert view.crop is not None and view.flip == (0.0 if preset == "digits" else 0.5)
            assert view.jitter_probability == view.grayscale == view.blur == view.solarise == 0


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
