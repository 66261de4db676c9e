import pytest
import torch

from selftaught.views.bands import BLOCK, Band


def matrix(size: int, length: int, width: int) -> tuple[Band, torch.Tensor]:
    """A band of random numbers, and the same as a whole matrix."""
    generator = torch.Generator().manual_seed(size)
    count = -(-size // BLOCK)
    starts = torch.linspace(0, length - width, count).long().tolist()
    blocks = torch.randn(count, BLOCK, width, generator=generator)
    whole = torch.zeros(count * BLOCK, length)
    for place, (block, start) in enumerate(zip(blocks, starts, strict=True)):
        whole[place * BLOCK : (place + 1) * BLOCK, start : start + width] = block
    return Band(blocks, starts, size), whole[:size]


@pytest.mark.parametrize(
    ("size", "length", "width"), [(224, 300, 60), (50, 20, 11), (7, 400, 300), (64, 64, 64)]
)
def test_products_are_those_with_the_whole_matrix(size: int, length: int, width: int) -> None:
    band, whole = matrix(size, length, width)
    right, left = torch.randn(length, 5), torch.randn(5, length)
    torch.testing.assert_close(band.down(right, torch.empty(size, 5)), whole @ right)
    torch.testing.assert_close(band.across(left, torch.empty(5, size)), left @ whole.T)
    backwards = band.across(left, torch.empty(5, size), mirrored=True)
    torch.testing.assert_close(backwards, (left @ whole.T).flip(1))
