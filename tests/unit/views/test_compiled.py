import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from selftaught.keys import Keys
from selftaught.views import engine as module
from selftaught.views.batched import apply as batched
from selftaught.views.batched.blur import radius
from selftaught.views.compiled import apply as compiled
from selftaught.views.compiled import kernels
from selftaught.views.compiled.workspace import Workspace, workspace
from selftaught.views.crop import WORDS, random_resized
from selftaught.views.engine import Views
from selftaught.views.plan import HUE, ORDERS, Plan
from selftaught.views.presets import CLEAN, NATURAL, SMALL, View

BYOL = NATURAL["asymmetric"]
OPERATIONS = (
    reference.adjust_brightness,
    reference.adjust_contrast,
    reference.adjust_saturation,
    reference.adjust_hue,
)


def engine(laws: tuple[View, ...], size: int = 32) -> Views:
    return Views(laws, size=size, channels=3, levels=255, mean=(0.5,) * 3, std=(0.25,) * 3)


def planned(laws: tuple[View, ...], n: int, side: int = 32, size: int = 32) -> Plan:
    sizes = torch.tensor([[side, side]]).expand(n, -1)
    return engine(laws, size).plan(Keys(5, 1, torch.arange(n)), sizes)


def pictures(
    n: int, h: int = 32, w: int | None = None, c: int = 3, levels: int = 255
) -> torch.Tensor:
    seed = torch.Generator().manual_seed(0)
    kind = torch.uint8 if levels == 255 else torch.int32
    return torch.randint(0, levels + 1, (n, c, h, w or h), dtype=kind, generator=seed)


def crops_of(views: Views, whole: torch.Tensor, plan: Plan) -> list[torch.Tensor]:
    rows = [views.crop(picture, plan, row) for row, picture in enumerate(whole)]
    return [torch.stack(view) for view in zip(*rows, strict=True)]


# Both ways ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("laws", "size"),
    [
        (SMALL["symmetric"], 32),
        (BYOL, 32),
        (BYOL, 61),
        ((*SMALL["symmetric"], replace(BYOL[0], size=12), replace(BYOL[0], size=12)), 32),
        ((View(crop=(0.08, 1.0), flip=0.5),) * 2, 32),
        ((CLEAN,), 32),
        ((CLEAN,), 40),
    ],
)
def test_a_cpu_makes_the_views_that_an_accelerator_makes(
    laws: tuple[View, ...], size: int, monkeypatch: pytest.MonkeyPatch, never_waits: Any
) -> None:
    """What an accelerator does, which nobody may look at on the way, on this CPU."""
    n, views, whole = 33, engine(laws, size), pictures(33, 40)
    plan = planned(laws, n, 40, size)
    crops = crops_of(views, whole, plan)
    one = [view for given in (whole, crops) for view in views.apply(given, plan)]

    class Batched:
        """Stands where the compiled form stands, and is told the laws, which that does without."""

        @staticmethod
        def apply(given: Any, plan: Plan, *how: Any) -> torch.Tensor:
            own = [law for law in laws if (law.size or size) == how[0]]
            return batched.apply(given, plan, own, *how)

    monkeypatch.setattr(module, "_compiled", lambda: Batched)
    with never_waits():
        other = [view for given in (whole, crops) for view in views.apply(given, plan)]
    for a, b in zip(one, other, strict=True):
        # Where a value is within rounding of the threshold of solarisation it may fall on its other side.
        far = (a - b).abs() > 1e-4
        assert far.double().mean() < 1e-4
        assert (a - b).abs().mean() < 1e-5


def test_planning_for_an_accelerator_does_not_wait_for_it(never_waits: Any) -> None:
    views, clean = (
        engine(BYOL),
        Views.clean(size=32, channels=3, levels=255, mean=(0.5,) * 3, std=(0.2,) * 3),
    )
    keys, sizes, whole = Keys(5, 1, torch.arange(8)), torch.tensor([[40, 50]] * 8), pictures(8)
    with pytest.raises(AssertionError), never_waits():
        whole[whole > 3]
    with never_waits():
        views.plan(keys, sizes)
        clean.plan(None, sizes)


def test_what_never_makes_a_view_on_a_cpu_never_loads_the_compiler() -> None:
    code = "import sys, selftaught.training.loop; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# Crops -------------------------------------------------------------------------------------------


def boxes_of(n: int, h: int, w: int) -> list[list[int]]:
    u = Keys(3, 0, torch.arange(n)).uniform("crop", WORDS)
    sizes = torch.tensor([[h, w]]).expand(n, -1)
    return random_resized(u, sizes, (0.08, 1.0), (3 / 4, 4 / 3)).tolist()


def expected(picture: torch.Tensor, box: list[int], size: int, levels: int = 255) -> torch.Tensor:
    how = {"interpolation": InterpolationMode.BICUBIC, "antialias": True}
    whole = picture.double() / levels
    return reference.resized_crop(whole, *box, [size, size], **how).clamp(0, 1)


@pytest.mark.parametrize(
    ("h", "w", "size"),
    [(32, 32, 32), (375, 500, 224), (60, 80, 100), (700, 900, 40), (5, 4, 32), (96, 80, 7)],
)
@pytest.mark.parametrize("last", [True, False])
def test_crops_are_those_of_torchvision(h: int, w: int, size: int, last: bool) -> None:
    """Whatever lies first in memory, a decoder's channels or planes."""
    whole = pictures(6, h, w)
    whole = whole.contiguous(memory_format=torch.channels_last) if last else whole
    boxes = [*boxes_of(4, h, w), [h - 2, w - 1, 1, 1], [0, 0, h, w]]
    for row, (picture, box) in enumerate(zip(whole, boxes, strict=True)):
        view = compiled.crop(picture, box, size, 255, mirrored=bool(row % 2))
        want = expected(picture, box, size)
        want = want.flip(-1) if row % 2 else want
        torch.testing.assert_close(view.double(), want, rtol=0, atol=1e-5)


def test_crops_of_sixteen_bits_and_other_channel_counts() -> None:
    for c in (1, 2, 5):
        whole = pictures(1, 40, c=c, levels=65535)
        for picture in (whole[0], whole.contiguous(memory_format=torch.channels_last)[0]):
            view = compiled.crop(picture, [3, 4, 30, 20], 24, 65535, mirrored=False)
            want = expected(picture, [3, 4, 30, 20], 24, 65535)
            torch.testing.assert_close(view.double(), want, rtol=0, atol=1e-5)


def test_a_whole_picture_of_the_right_size_keeps_its_bits() -> None:
    picture = pictures(1)[0]
    view = compiled.crop(picture, [0, 0, 32, 32], 32, 255, mirrored=False)
    assert torch.equal(view, picture * torch.tensor(1 / 255))


def test_a_crop_owns_its_memory() -> None:
    """The memory that one is made in is used again for the next, also when that is larger."""
    first, second = pictures(2, 64)
    one = compiled.crop(first, [0, 0, 20, 20], 32, 255, mirrored=False)
    kept = one.clone()
    compiled.crop(second, [0, 0, 64, 64], 32, 255, mirrored=False)
    assert torch.equal(one, kept)
    again = compiled.crop(first, [0, 0, 20, 20], 32, 255, mirrored=False)
    assert torch.equal(one, again)


def test_crops_give_the_views_of_whole_pictures_to_the_bit() -> None:
    """However they lie in memory: as they are made, or upright, as a caller's own."""
    laws, whole = BYOL, pictures(12, 50)
    views, plan = engine(laws, 24), planned(laws, 12, side=50, size=24)
    want = views.apply(whole, plan)
    rows = [views.crop(picture, plan, row) for row, picture in enumerate(whole)]
    upright = [torch.stack(view) for view in zip(*rows, strict=True)]
    turned = [view.mT.contiguous().mT for view in upright]
    for given in (upright, turned):
        for view, other in zip(views.apply(given, plan), want, strict=True):
            assert torch.equal(view, other)


def test_threads_stay_and_keep_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*kind: int) -> Workspace:
        made.append(kind)
        return workspace(*kind)

    monkeypatch.setattr("selftaught.views.compiled.workspace.workspace", counted)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        views, plan, whole = engine(BYOL, 17), planned(BYOL, 40, size=17), pictures(40)
        first = views.apply(whole, plan)
        for _ in range(5):
            assert all(map(torch.equal, views.apply(whole, plan), first))
    finally:
        torch.set_num_threads(threads)
    assert 1 <= len(made) <= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_makes_views_with_threads_of_its_own() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        views, plan, whole = engine(BYOL), planned(BYOL, 40), pictures(40)
        views.apply(whole, plan)
        child = multiprocessing.get_context("fork").Process(target=views.apply, args=(whole, plan))
        child.start()
        child.join(timeout=60)
        assert child.exitcode == 0
    finally:
        torch.set_num_threads(threads)


def test_threads_crop_apart() -> None:
    whole, boxes = pictures(64, 90), boxes_of(64, 90, 90)

    def crop(row: int) -> torch.Tensor:
        return compiled.crop(whole[row], boxes[row], 64, 255, mirrored=False)

    alone = [crop(row) for row in range(64)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(crop, range(64)))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


# Colour ------------------------------------------------------------------------------------------


def hard(n: int) -> torch.Tensor:
    """Every second with many greys, blacks, whites and pure colours, where hue has corners."""
    seed = torch.Generator().manual_seed(1)
    soft = torch.rand(n, 3, 16, 16, generator=seed)
    corners = torch.randint(0, 3, (n, 3, 16, 16), generator=seed) / 2
    return torch.where(torch.arange(n)[:, None, None, None] % 2 == 0, soft, corners)


def test_every_order_is_that_of_torchvision() -> None:
    u = torch.rand(96, 4, generator=torch.Generator().manual_seed(2))
    factors = torch.cat([0.2 + 1.6 * u[:, :3], u[:, 3:] - 0.5], dim=1)
    for row, (start, order) in enumerate(zip(hard(96), ORDERS.repeat(4, 1), strict=True)):
        view, want = start.clone(), start.double()
        kernels.jitter(view.numpy(), factors[row].numpy(), order.to(torch.int8).numpy())
        for operation in order.tolist():
            want = OPERATIONS[operation](want, float(factors[row, operation]))
        torch.testing.assert_close(view.double(), want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shift", [-0.5, -0.2, -1 / 6, 0.1, 1 / 3, 0.5])
def test_hue_is_that_of_torchvision(shift: float) -> None:
    for start in hard(8):
        view = start.clone()
        kernels.shift_hue(view.numpy(), np.float32(shift))
        want = reference.adjust_hue(start.double(), float(np.float32(shift)))
        torch.testing.assert_close(view.double(), want, rtol=0, atol=2e-6)


def test_neutral_choices_change_no_bit() -> None:
    start = hard(2)
    view = start[1].clone()
    kernels.jitter(view.numpy(), np.array([1, 1, 1, 0], np.float32), np.arange(4, dtype=np.int8))
    assert HUE == 3 and torch.equal(view, start[1])


# Blur --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [20, 32, 64, 96, 130, 224])
def test_blurred_views_are_those_of_torchvision(size: int) -> None:
    room, taps = workspace(1, 3, 3, size, size), 2 * radius(size) + 1
    for sigma in (0.1, 0.14, 0.3, 0.7, 1.1, 1.6, 2.0, 40.0):
        start = torch.rand(3, size, size, generator=torch.Generator().manual_seed(0))
        view = start.clone()
        kernels.blur(view.numpy(), np.float32(sigma), room)
        want = reference.gaussian_blur(start.double(), [taps, taps], [sigma, sigma])
        torch.testing.assert_close(view.double(), want, rtol=0, atol=2e-6)


def test_no_number_of_a_kernel_is_so_small_that_it_slows_a_sum() -> None:
    weights = np.empty(13, np.float32)
    for sigma in np.linspace(0.05, 2, 100, dtype=np.float32):
        used = weights[: kernels.kernel(sigma, 11, weights)]
        assert len(used) % 2 == 1 and used[used > 0].min() > 1e-20
        assert used[0] + 2 * used[1:].sum() == pytest.approx(1, abs=1e-6)


def test_views_too_small_for_a_kernel_are_not_blurred() -> None:
    views = engine((View(blur=1.0),), 16)
    whole = pictures(3, 16)
    shown = views.apply(whole, planned((View(blur=1.0),), 3, 16, 16))[0]
    torch.testing.assert_close(shown, views.normalised(whole / 255), rtol=0, atol=1e-6)


# Batches -----------------------------------------------------------------------------------------


def test_how_many_views_a_core_takes_at_a_time_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laws = (*BYOL, replace(BYOL[0], size=12))
    views, whole, plan = engine(laws), pictures(33, 40), planned(laws, 33, 40)
    given = (whole, crops_of(views, whole, plan))
    together = [view for each in given for view in views.apply(each, plan)]
    for most in (1, 7):
        monkeypatch.setattr(compiled, "CACHE", 4 * 3 * 32**2 * most)
        apart = [view for each in given for view in views.apply(each, plan)]
        assert all(torch.equal(a, b) for a, b in zip(together, apart, strict=True))


def test_threads_change_no_bit() -> None:
    views, whole, plan = engine(BYOL), pictures(75, 40), planned(BYOL, 75, 40)
    before = torch.get_num_threads()
    shown = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            shown.append(torch.stack(views.apply(whole, plan)))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(shown[0], shown[1]) and torch.equal(shown[0], shown[2])


def test_whatever_lies_first_in_memory_gives_the_same_bits() -> None:
    views, whole, plan = engine(BYOL), pictures(9, 40), planned(BYOL, 9, 40)
    last = views.apply(whole.contiguous(memory_format=torch.channels_last), plan)
    scattered = views.apply(whole.flip(-1).flip(-1).mT.contiguous().mT, plan)
    for one, other, third in zip(views.apply(whole, plan), last, scattered, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)
        assert torch.equal(one, third)


def test_crops_that_are_given_are_left_as_they_are() -> None:
    views, whole, plan = engine(BYOL), pictures(9, 40), planned(BYOL, 9, 40)
    crops = crops_of(views, whole, plan)
    before = [crop.clone() for crop in crops]
    views.apply(crops, plan)
    assert all(torch.equal(a, b) for a, b in zip(crops, before, strict=True))


def test_no_pictures_have_no_views() -> None:
    shown = engine(BYOL).apply(pictures(0), planned(BYOL, 0))
    assert [tuple(view.shape) for view in shown] == [(0, 3, 32, 32)] * 2


# Compiling ---------------------------------------------------------------------------------------


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(kernels, "njit", refuse)
    assert kernels.compiled(abs) is abs
