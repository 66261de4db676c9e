import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from selftaught.keys import Keys
from selftaught.views.batched import resample as module
from selftaught.views.batched.resample import cubic, matrices, weights
from selftaught.views.crop import WORDS, random_resized


def pictures(n: int, c: int, h: int, w: int, levels: int = 255) -> torch.Tensor:
    kind = torch.uint8 if levels == 255 else torch.int32
    seed = torch.Generator().manual_seed(0)
    return torch.randint(0, levels + 1, (n, c, h, w), dtype=kind, generator=seed)


def resample(
    whole: torch.Tensor, boxes: torch.Tensor, size: int, mirrored: torch.Tensor
) -> torch.Tensor:
    n, c = whole.shape[:2]
    return module.resample(whole, boxes, size, mirrored, torch.empty(n, c, size, size))


def boxes_of(n: int, h: int, w: int) -> torch.Tensor:
    u = Keys(3, 0, torch.arange(n)).uniform("crop", WORDS)
    return random_resized(u, torch.tensor([[h, w]]).expand(n, -1), (0.08, 1.0), (3 / 4, 4 / 3))


def expected(picture: torch.Tensor, box: list[int], size: int) -> torch.Tensor:
    whole = picture.double() if picture.is_floating_point() else picture.double() / 255
    return reference.resized_crop(
        whole, *box, [size, size], interpolation=InterpolationMode.BICUBIC, antialias=True
    ).clamp(0, 1)


@pytest.mark.parametrize(
    ("h", "w", "size"), [(32, 32, 32), (96, 96, 96), (96, 80, 32), (50, 37, 64), (8, 8, 32)]
)
def test_views_are_those_of_torchvision(h: int, w: int, size: int) -> None:
    whole, boxes = pictures(64, 3, h, w), boxes_of(64, h, w)
    mirrored = torch.arange(64) % 2 == 1
    views = resample(whole.float() / 255, boxes, size, mirrored)
    for row in range(64):
        want = expected(whole[row], boxes[row].tolist(), size)
        want = want.flip(-1) if mirrored[row] else want
        torch.testing.assert_close(views[row].double(), want, rtol=0, atol=1e-5)


def test_a_whole_picture_of_the_right_size_keeps_its_bits() -> None:
    whole = pictures(4, 3, 32, 32).float() / 255
    box = torch.tensor([[0, 0, 32, 32]]).expand(4, -1)
    assert torch.equal(resample(whole, box, 32, torch.zeros(4, dtype=torch.bool)), whole)


def test_the_filter_is_keys_cubic() -> None:
    x = torch.linspace(0, 2.5, 101)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    want = torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros(())))
    torch.testing.assert_close(cubic(x) / 2, want, rtol=0, atol=1e-6)


def test_looking_matrices_up_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = boxes_of(100, 32, 32)
    mirrored = torch.arange(100) % 3 == 0
    sides = (boxes[:, 1], boxes[:, 3], 32, 32, mirrored)
    looked_up = matrices(*sides)
    monkeypatch.setattr(module, "TABLE", 0)
    assert torch.equal(looked_up, matrices(*sides))
    assert torch.equal(looked_up, weights(*sides))
