import pytest
import torch
from torch import Tensor

from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.parts.masking import blocks, context_and_targets, hidden_count, subset, units

BLOCKS = {"count": 4, "scale": (0.15, 0.2), "aspects": (0.75, 1.5), "context": (0.85, 1.0)}


def keys(n: int, step: int = 0, seed: int = 0) -> Keys:
    return Keys(seed, step, torch.arange(n))


def jepa(given: Keys, grid: int) -> tuple[Tensor, Tensor]:
    return context_and_targets(given, grid, **BLOCKS)  # type: ignore[arg-type]


def test_kept_and_hidden_are_all_places_once() -> None:
    keep, hide = subset(keys(50), 16, 12)
    assert (keep.shape, hide.shape) == ((50, 4), (50, 12))
    together = torch.cat([keep, hide], dim=1).sort(dim=1).values
    assert torch.equal(together, torch.arange(16).expand(50, -1))


def test_every_place_is_hidden_equally_often() -> None:
    _, hide = subset(keys(4000), 16, 12)
    share = hide.flatten().bincount(minlength=16) / 4000
    assert (share - 0.75).abs().max() < 5 * (0.75 * 0.25 / 4000) ** 0.5


def test_units_are_hidden_whole() -> None:
    hide = units(keys(50), 8, 2, 10)
    assert hide.shape == (50, 40)
    hidden = torch.zeros(50, 64, dtype=torch.bool).scatter(1, hide, True).view(50, 4, 2, 4, 2)
    share = hidden.double().mean(dim=(2, 4))
    assert ((share == 0) | (share == 1)).all()
    assert (share.sum(dim=(1, 2)) == 10).all()


def test_units_of_one_patch_are_a_random_subset() -> None:
    assert torch.equal(units(keys(9), 4, 1, 12), subset(keys(9), 16, 12)[1])


@pytest.mark.parametrize("grid", [3, 4, 8, 12, 14])
def test_targets_are_rectangles_of_one_size_that_the_context_does_not_see(grid: int) -> None:
    for step in range(20):
        context, targets = jepa(keys(16, step), grid)
        n, count, area = targets.shape
        assert (n, count) == (16, 4)
        assert context.shape == (16, grid**2 - 4 * area)
        assert context.shape[1] >= max(grid**2 // 8, 1)
        for row in range(16):
            seen = set(context[row].tolist())
            assert len(seen) == context.shape[1]
            assert not seen & set(targets[row].flatten().tolist())
            sizes = set()
            for block in targets[row]:
                rows, columns = block // grid, block % grid
                height = int(rows.max() - rows.min()) + 1
                width = int(columns.max() - columns.min()) + 1
                assert len(set(block.tolist())) == height * width == area
                sizes.add((height, width))
            assert len(sizes) == 1


def test_targets_take_the_share_that_the_paper_says() -> None:
    areas = [jepa(keys(1, step), 14)[1].shape[2] / 196 for step in range(200)]
    assert 0.13 < min(areas) < max(areas) < 0.22
    assert sum(areas) / 200 == pytest.approx(0.175, abs=0.01)


def test_the_context_comes_from_its_square_first() -> None:
    narrow = {**BLOCKS, "context": (0.3, 0.3), "count": 1}
    context, targets = context_and_targets(keys(64), 14, **narrow)  # type: ignore[arg-type]
    side = round((0.3 * 196) ** 0.5)
    assert context.shape[1] == 196 - targets.shape[2] > side**2
    # What is taken first is spread over no more than the square, less what the targets cover.
    for row, block in zip(context, targets[:, 0], strict=True):
        free = side**2 - len(block)
        rows, columns = row[:free] // 14, row[:free] % 14
        assert int(rows.max() - rows.min()) < side
        assert int(columns.max() - columns.min()) < side


@pytest.mark.parametrize("draw", ["subset", "units", "blocks"])
def test_masks_are_equal_for_any_slicing_of_the_batch(draw: str) -> None:
    def drawn(given: Keys) -> tuple[Tensor, ...]:
        if draw == "subset":
            return subset(given, 64, 48)
        return jepa(given, 8) if draw == "blocks" else (units(given, 8, 2, 10),)

    whole = drawn(Keys(3, 7, torch.arange(12)))
    parts = [drawn(Keys(3, 7, part)) for part in torch.arange(12).split([5, 1, 6])]
    for each, *pieces in zip(whole, *parts, strict=True):
        assert torch.equal(each, torch.cat(pieces))
    other = drawn(Keys(3, 8, torch.arange(12)))
    assert any(
        a.shape != b.shape or not torch.equal(a, b) for a, b in zip(whole, other, strict=True)
    )


def test_shares_that_hide_nothing_or_all_are_refused() -> None:
    assert hidden_count(0.75, 196, "mae") == 147
    assert hidden_count(0.6, 49, "simmim") == 30  # rounded up, as the authors do
    for share, places in ((0.0, 16), (0.9, 4)):
        with pytest.raises(Refusal, match=f"mae: mask={share:g} hides"):
            hidden_count(share, places, "mae")


@pytest.mark.parametrize("grid", [4, 8, 14])
def test_blocks_never_hide_more_than_they_may_and_seldom_much_less(grid: int) -> None:
    share = blocks(keys(1000), grid, (0.4, 0.4)).float().mean(dim=1)
    assert share.max() <= 0.4
    assert share.mean() > 0.35


def test_the_share_is_drawn_between_its_ends() -> None:
    share = blocks(keys(4000), 14, (0.1, 0.5)).float().mean(dim=1)
    assert share.max() <= 0.5
    assert share.mean() == pytest.approx(0.3, abs=0.03)
    assert share.std() == pytest.approx(0.4 / 12**0.5, abs=0.03)


def test_a_share_of_pictures_stays_whole() -> None:
    hidden = blocks(keys(4000), 8, (0.3, 0.5), never=0.5)
    whole = (~hidden).all(dim=1).float().mean()
    assert whole == pytest.approx(0.5, abs=0.03)
    assert not blocks(keys(50), 8, (0.3, 0.5), never=1.0).any()
    assert not blocks(keys(50), 8, (0.0, 0.0)).any()


def neighbours(hidden: torch.Tensor, grid: int) -> float:
    """Share of a hidden patch's right-hand neighbours that are hidden too."""
    square = hidden.view(-1, grid, grid)
    return float((square[:, :, 1:] & square[:, :, :-1]).sum() / square[:, :, :-1].sum())


def test_hidden_patches_stand_together() -> None:
    """Drawn one by one, a hidden patch's neighbour would be hidden as often as any: three in ten."""
    assert neighbours(blocks(keys(500), 14, (0.3, 0.3)), 14) > 0.6


def test_every_place_is_hidden_sometimes_and_none_nearly_always() -> None:
    often = blocks(keys(4000), 8, (0.3, 0.3)).float().mean(dim=0)
    assert often.min() > 0.05 and often.max() < 0.6
    square = often.view(8, 8)
    torch.testing.assert_close(square, square.flip(0), rtol=0, atol=0.06)
    torch.testing.assert_close(square, square.flip(1), rtol=0, atol=0.06)
    torch.testing.assert_close(square, square.T, rtol=0, atol=0.06)


def test_blocks_do_not_depend_on_the_slicing_of_the_batch() -> None:
    together = blocks(keys(32), 8, (0.1, 0.5))
    alone = blocks(Keys(0, 0, torch.arange(10, 20)), 8, (0.1, 0.5))
    assert torch.equal(together[10:20], alone)


def test_views_and_steps_have_their_own_blocks() -> None:
    one = blocks(keys(32), 8, (0.3, 0.5))
    assert not torch.equal(one, blocks(keys(32), 8, (0.3, 0.5), view=1))
    assert not torch.equal(one, blocks(keys(32, step=1), 8, (0.3, 0.5)))
