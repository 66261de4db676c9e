import pytest
import torch
from torchvision.transforms.v2 import functional as reference

from selftaught.views.batched.blur import blur_, matrices, radius


@pytest.mark.parametrize(("size", "taps"), [(32, 3), (64, 7), (96, 9), (224, 23)])
def test_the_kernel_is_a_tenth_of_the_side(size: int, taps: int) -> None:
    assert 2 * radius(size) + 1 == taps


@pytest.mark.parametrize("size", [32, 64, 96, 130])
def test_views_are_those_of_torchvision(size: int) -> None:
    pictures = torch.rand(6, 3, size, size, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([0.1, 0.3, 0.7, 1.1, 1.6, 2.0])
    taps = 2 * radius(size) + 1
    for picture, view, width in zip(
        pictures, blur_(pictures.clone(), sigma), sigma.tolist(), strict=True
    ):
        want = reference.gaussian_blur(picture.double(), [taps, taps], [width, width])
        torch.testing.assert_close(view.double(), want, rtol=0, atol=2e-6)


@pytest.mark.parametrize("size", [40, 150])
def test_sigma_zero_changes_no_bit(size: int) -> None:
    pictures = torch.rand(3, 2, size, size)
    sigma = torch.tensor([0.0, 1.0, 0.0])
    views = blur_(pictures.clone(), sigma)
    assert torch.equal(views[0], pictures[0]) and torch.equal(views[2], pictures[2])
    assert not torch.equal(views[1], pictures[1])


def test_rows_sum_to_one() -> None:
    rows = matrices(torch.linspace(0, 2, 9), 96).sum(-1)
    torch.testing.assert_close(rows, torch.ones_like(rows))


def test_channels_first_in_memory_changes_no_bit() -> None:
    pictures, sigma = torch.rand(2, 3, 130, 130), torch.tensor([0.7, 1.3])
    first = pictures.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(blur_(first, sigma), blur_(pictures.clone(), sigma))
