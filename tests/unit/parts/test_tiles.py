import pytest
import torch

from selftaught.encoders.vit import ViT
from selftaught.errors import Refusal
from selftaught.parts.tiles import patches, readable, take, tiles, whole_side


def test_patches_are_numbered_row_by_row_and_hold_all_their_pixels() -> None:
    pictures = torch.arange(2 * 3 * 4 * 6.0).view(2, 3, 4, 6)
    cut = patches(pictures, 2)
    assert cut.shape == (2, 6, 12)
    for place in range(6):
        row, column = 2 * (place // 3), 2 * (place % 3)
        expected = pictures[:, :, row : row + 2, column : column + 2].flatten(1)
        assert torch.equal(cut[:, place], expected)


@torch.no_grad()
def test_patches_are_those_of_a_vit() -> None:
    """The tokens' order and ours must be one, or targets would belong to other places."""
    vit = ViT("vit_micro", channels=3, size=16)
    pictures = torch.randn(2, 3, 16, 16)
    tokens = vit.cut(pictures).flatten(2).transpose(1, 2)
    weight = vit.cut.weight.flatten(1)
    torch.testing.assert_close(patches(pictures, 4) @ weight.T + vit.cut.bias, tokens)


def test_tiles_are_cut_where_they_are_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(3, 2, 10, 12, generator=generator)
    top = torch.randint(0, 10 - 4 + 1, (3, 5), generator=generator)
    left = torch.randint(0, 12 - 4 + 1, (3, 5), generator=generator)
    cut = tiles(pictures, top, left, 4)
    assert cut.shape == (3, 5, 2, 4, 4)
    for i in range(3):
        for k in range(5):
            y, x = int(top[i, k]), int(left[i, k])
            assert torch.equal(cut[i, k], pictures[i, :, y : y + 4, x : x + 4])


def test_taken_tokens_come_in_the_order_asked_for() -> None:
    x = torch.arange(2 * 4 * 3.0).view(2, 4, 3)
    got = take(x, torch.tensor([[3, 0], [1, 1]]))
    assert torch.equal(got, torch.stack([x[0, [3, 0]], x[1, [1, 1]]]))


def test_a_tile_is_whole_pixels_and_holds_something() -> None:
    assert whole_side(7.7, 32, "context") == 7
    with pytest.raises(
        Refusal, match=r"context cuts views of 16 px into tiles of 3 px.*views\.size"
    ):
        whole_side(3.86, 16, "context")


@pytest.mark.parametrize(
    ("side", "patch", "shown"),
    [(54, 1, 54), (16, 1, 16), (7, 1, 16), (54, 16, 48), (23, 8, 24), (7, 4, 16), (8, 16, 32)],
)
def test_tiles_are_shown_at_a_side_that_the_encoder_reads(
    side: int, patch: int, shown: int
) -> None:
    cut = torch.randn(2, 3, 1, side, side)
    read = readable(cut, patch)
    assert read.shape == (6, 1, shown, shown)
    if shown == side:
        assert torch.equal(read, cut.flatten(0, 1))
    torch.testing.assert_close(
        readable(torch.full_like(cut, 0.3), patch), torch.full_like(read, 0.3)
    )
