import pickle
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from scipy import stats
from torchvision.transforms.v2 import functional as reference

from selftaught.keys import Keys
from selftaught.views.engine import Plan, Views
from selftaught.views.presets import NATURAL, SMALL, View

MEAN, STD = (0.49, 0.48, 0.44), (0.25, 0.24, 0.26)
EVERYTHING = (
    replace(NATURAL["asymmetric"][0], blur=0.5, solarise=0.3),
    replace(NATURAL["asymmetric"][1], jitter=(0.8, 0.8, 0.8, 0.2)),
)


def engine(views: tuple[View, ...] = EVERYTHING, size: int = 32, **given: Any) -> Views:
    return Views(
        views, size=size, **({"channels": 3, "levels": 255, "mean": MEAN, "std": STD} | given)
    )


def keys(n: int, step: int = 7) -> Keys:
    return Keys(11, step, torch.arange(n))


def pictures(n: int, c: int = 3, h: int = 32, w: int = 32) -> torch.Tensor:
    seed = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, c, h, w), dtype=torch.uint8, generator=seed)


def sizes(n: int, h: int = 32, w: int = 32) -> torch.Tensor:
    return torch.tensor([[h, w]]).expand(n, -1)


def by_hand(picture: torch.Tensor, plan: Plan, view: int, row: int, size: int) -> torch.Tensor:
    """One view by torchvision's functions in float64, as the plan says."""
    box = plan.boxes[view, row].tolist()
    x = reference.resized_crop(
        picture.double() / 255, *box, [size, size], reference.InterpolationMode.BICUBIC, True
    ).clamp(0, 1)
    x = x.flip(-1) if plan.flips[view, row] else x
    operations = (
        reference.adjust_brightness,
        reference.adjust_contrast,
        reference.adjust_saturation,
        reference.adjust_hue,
    )
    for operation in plan.order[view, row].tolist():
        x = operations[operation](x, float(plan.factors[view, row, operation]))
    if plan.grayscale[view, row]:
        x = reference.rgb_to_grayscale(x, num_output_channels=3)
    if (sigma := float(plan.sigmas[view, row])) > 0:
        x = reference.gaussian_blur(x, [2 * (size // 20) + 1] * 2, [sigma] * 2)
    if plan.solarise[view, row]:
        x = reference.solarize(x, 0.5)
    return reference.normalize(x, list(MEAN), list(STD))


def test_the_whole_pipeline_is_that_of_torchvision() -> None:
    n = 150
    views, plan = engine(), engine().plan(keys(n), sizes(n))
    shown = views.apply(pictures(n), plan)
    assert plan.grayscale.any() and plan.sigmas.any() and plan.solarise.any() and plan.flips.any()
    near = []
    for view in range(2):
        for row in range(n):
            want = by_hand(pictures(n)[row], plan, view, row, 32)
            near.append((shown[view][row].double() - want).abs())
    far = torch.stack(near) > 1e-4
    # A pixel within rounding of the threshold of solarisation may fall on its other side.
    assert far.double().mean() < 1e-4


def test_crops_made_elsewhere_give_the_same_views() -> None:
    n = 40
    views = engine((replace(SMALL["symmetric"][0]), SMALL["symmetric"][1]))
    plan = views.plan(keys(n), sizes(n, 48, 40))
    whole = pictures(n, 3, 48, 40)
    worker = pickle.loads(pickle.dumps(views.crop))
    rows = [worker(whole[row], plan, row) for row in range(n)]
    crops = [torch.stack(view) for view in zip(*rows, strict=True)]
    for a, b in zip(views.apply(whole, plan), views.apply(crops, plan), strict=True):
        # Normalised by a deviation of 0.24, after colour factors up to 1.8 in a row.
        torch.testing.assert_close(a, b, rtol=0, atol=5e-5)
        assert (a - b).abs().mean() < 1e-6


def test_crops_alone_are_equal_to_a_millionth() -> None:
    n = 40
    views = engine((View(crop=(0.08, 1.0), flip=0.5),), mean=(0.0,) * 3, std=(1.0,) * 3)
    plan = views.plan(keys(n), sizes(n))
    whole = pictures(n)
    crops = [torch.stack([views.crop(whole[row], plan, row)[0] for row in range(n)])]
    torch.testing.assert_close(
        views.apply(whole, plan)[0], views.apply(crops, plan)[0], rtol=0, atol=2e-6
    )


def test_a_plan_does_not_depend_on_the_slicing_of_the_batch() -> None:
    views = engine()
    together = views.plan(keys(64), sizes(64))
    for part in (slice(0, 1), slice(1, 40), slice(40, 64)):
        own = Keys(11, 7, torch.arange(64)[part])
        alone = views.plan(own, sizes(len(own.positions)))
        for f in fields(Plan):
            assert torch.equal(getattr(together, f.name)[:, part], getattr(alone, f.name)), f.name


def test_a_plan_depends_on_seed_step_and_view() -> None:
    views = engine()
    one = views.plan(keys(64), sizes(64))
    assert not torch.equal(one.boxes[0], one.boxes[1])
    assert not torch.equal(one.boxes, views.plan(keys(64, step=8), sizes(64)).boxes)
    other = views.plan(Keys(12, 7, torch.arange(64)), sizes(64))
    assert not torch.equal(one.boxes, other.boxes)


def test_parameters_follow_their_laws() -> None:
    n = 20_000
    plan = engine().plan(keys(n), sizes(n))
    for view, law in enumerate(EVERYTHING):
        flags = {
            "flip": (plan.flips[view], law.flip),
            "grayscale": (plan.grayscale[view], law.grayscale),
            "solarise": (plan.solarise[view], law.solarise),
            "blur": (plan.sigmas[view] > 0, law.blur),
            "jitter": (plan.factors[view, :, 3] != 0, law.jitter_probability),
        }
        for name, (flag, probability) in flags.items():
            p = stats.binomtest(int(flag.sum()), n, probability).pvalue
            assert p > 0.001, (view, name)
        on = plan.sigmas[view] > 0
        sigma = plan.sigmas[view][on].double().numpy()
        low, high = law.sigma
        assert stats.kstest(sigma, stats.uniform(low, high - low).cdf).pvalue > 0.001
        factor = plan.factors[view][plan.factors[view, :, 3] != 0].double().numpy()
        for operation, (middle, strength) in enumerate(zip((1, 1, 1, 0), law.jitter, strict=True)):
            cdf = stats.uniform(middle - strength, 2 * strength).cdf
            assert stats.kstest(factor[:, operation], cdf).pvalue > 0.001, operation
        code = plan.order[view].long() @ torch.tensor([64, 16, 4, 1])
        counts = code.unique(return_counts=True)[1]
        assert len(counts) == 24 and stats.chisquare(counts.numpy()).pvalue > 0.001


def test_a_strength_above_one_never_gives_a_negative_factor() -> None:
    law = View(jitter=(2.0, 2.0, 2.0, 0.0), jitter_probability=1.0)
    factor = engine((law,)).plan(keys(5000), sizes(5000)).factors[0, :, :3]
    assert factor.min() >= 0 and factor.max() > 2.9
    # torchvision cuts the range at 0 and draws uniformly from what is left.
    assert stats.kstest(factor[:, 0].double().numpy(), stats.uniform(0, 3).cdf).pvalue > 0.001


def test_the_clean_view_of_a_picture_of_its_size_is_the_picture() -> None:
    views = Views.clean(size=32, channels=3, levels=255, mean=(0.0,) * 3, std=(1.0,) * 3)
    plan = views.plan(None, sizes(4))
    assert torch.equal(views.apply(pictures(4), plan)[0], pictures(4) * torch.tensor(1 / 255))
    normal = Views.clean(size=32, channels=3, levels=255, mean=MEAN, std=STD)
    want = reference.normalize(pictures(4) / 255, list(MEAN), list(STD))
    torch.testing.assert_close(normal.apply(pictures(4), plan)[0], want, rtol=0, atol=1e-6)
    cropped = [torch.stack([normal.crop(pictures(4)[row], plan, row)[0] for row in range(4)])]
    assert torch.equal(normal.apply(pictures(4), plan)[0], normal.apply(cropped, plan)[0])


def test_the_clean_view_of_another_picture_is_its_central_square() -> None:
    views = Views.clean(size=32, channels=3, levels=255, mean=(0.0,) * 3, std=(1.0,) * 3)
    plan = views.plan(None, sizes(2, 40, 61))
    whole = pictures(2, 3, 40, 61)
    want = reference.resize(
        whole[..., 10:50].double() / 255, [32, 32], reference.InterpolationMode.BICUBIC
    )
    torch.testing.assert_close(
        views.apply(whole, plan)[0].double(), want.clamp(0, 1), rtol=0, atol=1e-5
    )


def test_random_views_without_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="keys"):
        engine().plan(None, sizes(2))


def test_statistics_must_match_the_channels() -> None:
    with pytest.raises(ValueError, match="4 channels"):
        engine(channels=4)


@pytest.mark.parametrize(("channels", "levels"), [(1, 255), (2, 255), (5, 65535)])
def test_pictures_that_are_not_rgb(channels: int, levels: int) -> None:
    law = View(
        crop=(0.2, 1.0), jitter=(0.4, 0.4, 0.0, 0.0), jitter_probability=1.0, blur=0.5, solarise=0.5
    )
    whole = pictures(4, channels).int() * (levels // 255)
    views = engine(
        (law, law), channels=channels, levels=levels, mean=(0.5,) * channels, std=(0.5,) * channels
    )
    shown = views.apply(whole, views.plan(keys(4), sizes(4)))
    assert shown[1].shape == (4, channels, 32, 32)
    assert all(v.min() >= -1.0001 and v.max() <= 1.0001 and v.std() > 0.1 for v in shown)


def test_a_plan_travels_light() -> None:
    n = 500
    plan = engine().plan(keys(n), sizes(n))
    assert len(plan) == n
    packed = pickle.dumps(plan)
    assert len(packed) < n * 250 + 5000
    for f in fields(Plan):
        assert torch.equal(getattr(pickle.loads(packed), f.name), getattr(plan.to("cpu"), f.name))


def test_the_sheet_shows_the_views_before_they_are_normalised() -> None:
    views = engine()
    plan = views.plan(keys(6), sizes(6))
    sheet = views.sheet(pictures(6), plan)
    assert [each.shape for each in sheet] == [(6, 32, 32, 3)] * 2
    assert str(sheet[0].dtype) == "uint8"
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    for place, view in enumerate(views.apply(pictures(6), plan)):
        want = ((view * std + mean) * 255).permute(0, 2, 3, 1)
        assert (torch.from_numpy(sheet[place]) - want).abs().max() <= 0.51


def test_autocast_leaves_the_pictures_as_they_are() -> None:
    views = engine()
    plan = views.plan(keys(8), sizes(8))
    alone = views.apply(pictures(8), plan)
    with torch.autocast("cpu", torch.bfloat16):
        inside = views.apply(pictures(8), plan)
    assert all(torch.equal(a, b) for a, b in zip(alone, inside, strict=True))


def test_repeated_it_gives_the_same_bits() -> None:
    views = engine()
    plan = views.plan(keys(100), sizes(100))
    for a, b in zip(
        views.apply(pictures(100), plan), views.apply(pictures(100), plan), strict=True
    ):
        assert torch.equal(a, b)


# Small crops --------------------------------------------------------------------------------------

LITTLE = replace(EVERYTHING[0], crop=(0.05, 0.4), size=12)
MULTICROP = (*EVERYTHING, LITTLE, LITTLE)


def test_views_of_one_size_are_one_group() -> None:
    views = engine(MULTICROP)
    assert [(g.start, g.stop, g.side) for g in views.groups] == [(0, 2, 32), (2, 4, 12)]
    assert [(g.start, g.stop, g.side) for g in engine().groups] == [(0, 2, 32)]
    tiny = replace(LITTLE, size=8)
    assert [len(g) for g in engine((*MULTICROP, tiny)).groups] == [2, 2, 1]


def test_small_crops_before_full_views_are_refused() -> None:
    with pytest.raises(ValueError, match=r"from the largest to the smallest, not \[12, 32\]"):
        engine((LITTLE, EVERYTHING[0]))


def test_small_crops_are_small_and_each_its_own() -> None:
    n = 12
    views = engine(MULTICROP)
    shown = views.apply(pictures(n), views.plan(keys(n), sizes(n)))
    assert [tuple(v.shape) for v in shown] == [(n, 3, 32, 32)] * 2 + [(n, 3, 12, 12)] * 2
    assert not torch.equal(shown[2], shown[3])


def test_full_views_do_not_change_when_small_crops_are_added() -> None:
    n = 12
    alone, beside = engine(), engine(MULTICROP)
    plan = beside.plan(keys(n), sizes(n))
    for f in fields(Plan):
        assert torch.equal(
            getattr(plan.of(0, 2), f.name), getattr(alone.plan(keys(n), sizes(n)), f.name)
        )
    both = beside.apply(pictures(n), plan)
    for a, b in zip(alone.apply(pictures(n), plan.of(0, 2)), both, strict=False):
        assert torch.equal(a, b)


def test_a_small_crop_has_the_pixels_of_views_of_its_law_and_size_alone() -> None:
    """The choices of the third view are the third's, whatever stands before it."""
    n = 12
    views = engine(MULTICROP)
    plan = views.plan(keys(n), sizes(n))
    alone = engine((replace(LITTLE, size=None),) * 4, size=12)
    own = alone.plan(keys(n), sizes(n))
    for f in fields(Plan):
        assert torch.equal(getattr(plan.of(2, 4), f.name), getattr(own.of(2, 4), f.name)), f.name
    shown, expected = views.apply(pictures(n), plan), alone.apply(pictures(n), own)
    for place in (2, 3):
        assert torch.equal(shown[place], expected[place])


def test_small_crops_made_elsewhere_are_the_same() -> None:
    n = 20
    views = engine(tuple(replace(law, solarise=0.0) for law in MULTICROP))
    plan = views.plan(keys(n), sizes(n, 48, 40))
    whole = pictures(n, 3, 48, 40)
    rows = [views.crop(whole[row], plan, row) for row in range(n)]
    crops = [torch.stack(view) for view in zip(*rows, strict=True)]
    assert [crop.shape[-1] for crop in crops] == [32, 32, 12, 12]
    for a, b in zip(views.apply(whole, plan), views.apply(crops, plan), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=5e-5)


def test_the_sheet_shows_small_crops_in_their_own_size() -> None:
    views = engine(MULTICROP)
    sheet = views.sheet(pictures(3), views.plan(keys(3), sizes(3)))
    assert [each.shape for each in sheet] == [(3, 32, 32, 3)] * 2 + [(3, 12, 12, 3)] * 2
