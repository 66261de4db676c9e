import math

import pytest
import torch
from scipy import stats

from selftaught.keys import Keys
from selftaught.views.crop import WORDS, central_square, random_resized

AREA, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)


def drawn(n: int, step: int = 0) -> torch.Tensor:
    return Keys(1, step, torch.arange(n)).uniform("crop", WORDS)


def slow(u: list[float], height: int, width: int) -> tuple[int, int, int, int]:
    """torchvision's RandomResizedCrop.get_params, with the given numbers for its random ones."""
    for share, turn in zip(u[:10], u[10:20], strict=True):
        area = (AREA[0] + (AREA[1] - AREA[0]) * share) * height * width
        low, high = (math.log(r) for r in RATIO)
        ratio = math.exp(low + (high - low) * turn)
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return int(u[20] * (height - h + 1)), int(u[21] * (width - w + 1)), h, w
    w, h = width, height
    if width / height < RATIO[0]:
        h = round(width / RATIO[0])
    elif width / height > RATIO[1]:
        w = round(height * RATIO[1])
    return (height - h) // 2, (width - w) // 2, h, w


@pytest.mark.parametrize("size", [(32, 32), (375, 500), (20, 400), (300, 11)])
def test_boxes_are_those_of_a_loop_over_pictures(size: tuple[int, int]) -> None:
    u = drawn(200)
    boxes = random_resized(u, torch.tensor([size]).expand(200, -1), AREA, RATIO)
    assert boxes.tolist() == [list(slow(row, *size)) for row in u.double().tolist()]


def test_area_and_ratio_follow_their_laws() -> None:
    n, side = 20_000, 4000
    boxes = random_resized(drawn(n), torch.full((n, 2), side), (0.08, 0.4), RATIO)
    height, width = boxes[:, 2].double(), boxes[:, 3].double()
    share = (height * width / side**2).numpy()
    # All ratios fit below 0.4 of the area, so that no candidate is refused and the laws are pure.
    assert stats.kstest(share, stats.uniform(0.08, 0.32).cdf).pvalue > 0.01
    low, high = (math.log(r) for r in RATIO)
    logs = (width / height).log().numpy()
    assert stats.kstest(logs, stats.uniform(low, high - low).cdf).pvalue > 0.01
    place = (boxes[:, 0] / (side - height)).numpy()
    assert stats.kstest(place, "uniform").pvalue > 0.01


def test_boxes_lie_inside_pictures_of_any_size() -> None:
    sizes = torch.stack([torch.arange(1, 301), torch.arange(300, 0, -1)], dim=1)
    top, left, height, width = random_resized(drawn(300), sizes, AREA, RATIO).unbind(1)
    assert (top >= 0).all() and (left >= 0).all() and (height > 0).all() and (width > 0).all()
    assert (top + height <= sizes[:, 0]).all() and (left + width <= sizes[:, 1]).all()


def test_the_central_square_is_that_of_the_short_side() -> None:
    boxes = central_square(torch.tensor([[32, 32], [30, 41], [50, 20]]))
    assert boxes.tolist() == [[0, 0, 32, 32], [0, 5, 30, 30], [15, 0, 20, 20]]
