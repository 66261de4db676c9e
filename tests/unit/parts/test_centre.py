"""The centre is the paper's running mean; the temperature rises in a straight line."""

import pytest
import torch

from selftaught.parts.assignment import sinkhorn
from selftaught.parts.centre import Centre, Sharpener


def test_the_centre_is_equation_4() -> None:
    centre, rows = Centre(3, momentum=0.8), [torch.randn(5, 3), torch.randn(7, 3)]
    for each in rows:
        centre.follow(each)
    expected = 0.8 * (0.2 * rows[0].mean(dim=0)) + 0.2 * rows[1].mean(dim=0)
    torch.testing.assert_close(centre.value, expected)


def test_without_momentum_it_is_the_last_mean() -> None:
    centre, rows = Centre(3, momentum=0.0), torch.randn(5, 3)
    centre.follow(torch.randn(5, 3))
    centre.follow(rows)
    torch.testing.assert_close(centre.value, rows.mean(dim=0))


def test_half_precision_rows_leave_it_in_float32() -> None:
    centre, rows = Centre(3), torch.randn(5, 3).bfloat16()
    centre.follow(rows)
    assert centre.value.dtype == torch.float32
    torch.testing.assert_close(centre.value, 0.1 * rows.float().mean(dim=0))


def test_what_all_rows_share_is_taken_off() -> None:
    """A favourite prototype is no favourite once the centre has found it."""
    sharpen, rows = Sharpener(3, (1.0, 1.0), 0.0), torch.randn(4, 3)
    liked = rows + torch.tensor([0.0, 5.0, 0.0])
    sharpen.centre.value.copy_(torch.tensor([0.0, 5.0, 0.0]))
    torch.testing.assert_close(sharpen(liked), rows.softmax(dim=-1))


def test_a_lower_temperature_is_sharper() -> None:
    rows = torch.randn(4, 3)
    cold, hot = (Sharpener(3, (t, t), 0.0)(rows) for t in (0.1, 1.0))
    assert (cold.max(dim=-1).values > hot.max(dim=-1).values).all()
    torch.testing.assert_close(cold.sum(dim=-1), torch.ones(4))


def test_probabilities_are_float32_without_gradient_under_autocast() -> None:
    sharpen, rows = Sharpener(3, (0.04, 0.07), 0.1), torch.randn(4, 3, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        found = sharpen(rows.bfloat16())
    assert found.dtype == torch.float32 and not found.requires_grad
    torch.testing.assert_close(found, (rows.detach().bfloat16().float() / 0.04).softmax(dim=-1))


@pytest.mark.parametrize(
    ("progress", "heat"), [(0.0, 0.04), (0.1, 0.055), (0.2, 0.07), (0.9, 0.07)]
)
def test_the_temperature_rises_until_the_warm_up_ends(progress: float, heat: float) -> None:
    sharpen = Sharpener(3, (0.04, 0.07), 0.2)
    assert sharpen.heat.item() == pytest.approx(0.04)
    sharpen.follow(torch.randn(4, 3), progress)
    assert sharpen.heat.item() == pytest.approx(heat)


def test_without_warm_up_it_begins_at_its_end() -> None:
    assert Sharpener(3, (0.04, 0.07), 0.0).heat.item() == pytest.approx(0.07)


def test_balanced_answers_use_every_prototype_alike_and_no_centre() -> None:
    """DINOv2: a favourite of all rows is favoured by none, though nothing was learnt of it before."""
    sharpen, rows = Sharpener(3, (0.5, 0.5), 0.0, balancing=20), torch.randn(2, 6, 3)
    liked = rows + torch.tensor([0.0, 5.0, 0.0])
    found = sharpen(liked)
    assert found.shape == rows.shape
    torch.testing.assert_close(
        found.flatten(0, 1).sum(dim=0), torch.full((3,), 4.0), rtol=1e-3, atol=0
    )
    torch.testing.assert_close(
        found, sinkhorn(rows.flatten(0, 1), epsilon=0.5, iterations=20).view(2, 6, 3)
    )
    sharpen.follow(liked.flatten(0, 1), 0.5)
    assert sharpen.centre.value.abs().sum() == 0
