"""Claims about RotNet, context prediction and jigsaw, and the traps they fall into."""

from typing import Any

import pytest
import torch
from torch import Tensor

from selftaught import config, encoders, methods
from selftaught.batch import Batch
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.keys import Keys
from selftaught.methods import Method
from selftaught.methods.pretext.context import Context, one_colour
from selftaught.methods.pretext.jigsaw import Jigsaw, normalised
from selftaught.training import prepare

SMALL: dict[str, dict[str, Any]] = {
    "rotnet": {},
    "context": {"classifier": (16,)},
    "jigsaw": {"classifier": (16,), "projector": (8,), "permutations": 6},
}


class Seen(Encoder):
    """Notes what it is shown, and answers with every pixel's mean."""

    dim = 3

    def __init__(self, size: int) -> None:
        super().__init__()
        self.recipe = {"size": size}
        self.shown: list[Tensor] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.shown.append(pictures)
        return pictures.mean(dim=(2, 3))


def shown(name: str, view: Tensor, **parameters: Any) -> tuple[Method, Tensor, dict[str, Tensor]]:
    """A method, what its encoder was shown of a view, and what was drawn."""
    encoder = Seen(view.shape[-1])
    torch.manual_seed(0)
    method = methods.build(name, encoder, **{**SMALL[name], **parameters}).to(view.dtype)
    draws = method.draw(Keys(0, 0, torch.arange(len(view))))
    method(Batch([view], torch.arange(len(view)), draws=draws))
    return method, encoder.shown[0], draws


def places(n: int, side: int) -> Tensor:
    """Pictures whose first channel is the row of each pixel, the second its column, the third a constant."""
    row = torch.arange(side, dtype=torch.float64)
    plane = torch.stack([row[:, None].expand(side, side), row.expand(side, side)])
    return torch.cat([plane, torch.ones(1, side, side)]).expand(n, -1, -1, -1).clone()


@pytest.mark.parametrize(("name", "share"), [("rotnet", 4), ("context", 9), ("jigsaw", 9)])
def test_what_belongs_to_one_question_shares_batch_statistics(name: str, share: int) -> None:
    _, seen, _ = shown(name, torch.randn(5, 3, 32, 32))
    assert len(seen) == 5 * share


@pytest.mark.parametrize("side", [67, 96, 224])  # so large that tiles are shown as they were cut
def test_context_asks_for_all_eight_neighbours_across_a_gap(side: int) -> None:
    method, seen, _ = shown("context", places(400, side), drop=0.0)
    assert isinstance(method, Context)
    tile = method.side(side)
    assert seen.shape[-1] == tile
    corner = seen.view(9, 400, 3, tile, tile)[:, :, :2, 0, 0]  # row and column, of each cell's tile
    assert (corner >= 0).all() and (corner <= side - tile).all()
    centre, reach = corner[4], round(0.073 * tile)
    assert centre.unique(dim=0).shape[0] > 1, "the centre does not jitter"
    for cell in [*range(4), *range(5, 9)]:
        apart = corner[cell] - centre
        direction = ((apart + tile / 2) / tile).floor().clamp(-1, 1)
        assert torch.equal(direction, torch.tensor([[cell // 3 - 1, cell % 3 - 1]] * 400).double())
        gap = apart.abs().amax(dim=1) - tile
        assert (gap > 0).all(), "tiles touch, so that lines run on"
        if cell % 2:  # of a straight neighbour; a diagonal one lies as far as its further side
            assert gap.mean() == pytest.approx(0.5 * tile, abs=2)
            assert gap.max() - gap.min() == pytest.approx(4 * reach, abs=2)


def test_context_tells_each_neighbour_s_place() -> None:
    """A classifier that reads where a tile comes from answers every question: places are named in order."""
    encoder = Seen(96)
    method = Context(encoder, classifier=(16,), drop=0.0)

    class Reads(torch.nn.Module):
        def forward(self, pairs: Tensor) -> Tensor:
            apart = (pairs[:, 3:5] - pairs[:, :2]).sign()  # the means of rows and columns
            cell = ((apart[:, 0] + 1) * 3 + apart[:, 1] + 1).long()
            return torch.nn.functional.one_hot(cell - (cell > 4).long(), 8) * 50.0

    method.classifier = Reads()  # type: ignore[assignment]
    # Within a row of cells the sign of a jitter must not count: round to the cell.
    grid = (places(20, 96) / 32).floor()
    grid[:, 2] = 1
    draws = method.draw(Keys(0, 0, torch.arange(20)))
    draws["jitter"] = torch.full_like(draws["jitter"], 0.5)
    outputs = method(Batch([grid], torch.arange(20), draws=draws))
    assert outputs.scores["accuracy"].item() == 1
    assert outputs.losses["cross_entropy"].item() < 1e-6


def test_context_drops_two_colours_of_three_or_none() -> None:
    v = torch.ones(300, 3, 4, 4)
    u = Keys(0, 0, torch.arange(300)).uniform("colour", 2)
    kept = one_colour(v, u, 1.0).sum(dim=(2, 3)) / 16
    assert (kept.sum(dim=1) == 1).all()
    assert (kept.mean(dim=0) - 1 / 3).abs().max() < 0.1
    some = one_colour(v, u, 0.4).sum(dim=(1, 2, 3)) / 16
    assert set(some.tolist()) == {1.0, 3.0}
    assert float((some == 1).float().mean()) == pytest.approx(0.4, abs=0.1)
    assert torch.equal(one_colour(v, u, 0.0), v)
    grey = torch.ones(2, 1, 4, 4)
    assert torch.equal(one_colour(grey, u[:2], 1.0), grey)


def test_all_tiles_of_a_picture_keep_the_same_colour() -> None:
    _, seen, _ = shown("context", torch.ones(20, 3, 32, 32))
    cells = seen.view(9, 20, *seen.shape[1:])
    assert torch.equal(cells, cells[:1].expand_as(cells))
    assert (seen.sum(dim=1) == 1).all()


def test_jigsaw_shows_the_tiles_in_the_order_it_asks_for() -> None:
    v = torch.randn(12, 3, 60, 60, dtype=torch.float64)
    method, seen, draws = shown("jigsaw", v)
    assert isinstance(method, Jigsaw)
    side, order = method.side(60), method.permutations[draws["which"]]
    assert side == int(0.853 * 20)
    for i in range(12):
        for k in range(9):
            place = int(order[i, k])
            y, x = (draws["corner"][i, place] * (20 - side + 1)).long().tolist()
            y, x = y + 20 * (place // 3), x + 20 * (place % 3)
            tile = v[i, :, y : y + side, x : x + side]
            torch.testing.assert_close(seen[9 * i + k], normalised(tile[None, None])[0, 0])


def test_jigsaw_draws_a_corner_for_every_tile_and_every_permutation() -> None:
    encoder = Seen(48)
    method = methods.build("jigsaw", encoder, **SMALL["jigsaw"])
    draws = method.draw(Keys(0, 0, torch.arange(200)))
    assert draws["corner"].shape == (200, 9, 2)
    assert ((draws["corner"] >= 0) & (draws["corner"] < 1)).all()
    assert set(draws["which"].tolist()) == set(range(6))


def test_permuting_tiles_and_permuting_their_features_are_one() -> None:
    """Each tile is encoded alone, so the head sees the same rows either way."""
    v = torch.randn(6, 3, 48, 48, dtype=torch.float64)
    method, shuffled, draws = shown("jigsaw", v)
    assert isinstance(method, Jigsaw)
    plain = {**draws, "which": torch.zeros_like(draws["which"])}  # the identity
    encoder = method.encoder
    assert isinstance(encoder, Seen)
    method(Batch([v], torch.arange(6), draws=plain))
    order = method.permutations[draws["which"]]
    in_place = encoder.shown[-1].view(6, 9, -1)
    again = in_place.gather(1, order[:, :, None].expand_as(in_place))
    torch.testing.assert_close(again, shuffled.view(6, 9, -1))


def test_the_permutations_are_saved_with_the_method() -> None:
    method, _, _ = shown("jigsaw", torch.randn(2, 3, 48, 48))
    assert method.state_dict()["permutations"].shape == (6, 9)


def test_two_methods_do_not_share_their_permutations() -> None:
    """They are made once a process: what a checkpoint writes into one method stays there."""
    encoder = encoders.build("resnet_tiny", channels=3, size=36)
    one, other = (Jigsaw(encoder, permutations=6, projector=(8,), classifier=(8,)) for _ in "ab")
    one.permutations.zero_()
    assert other.permutations.any()


def test_the_places_of_tiles_do_not_follow_the_colours() -> None:
    """A method's draws have names of their own, so they are independent of its views."""
    keys = Keys(0, 0, torch.arange(64))
    encoder = encoders.build("resnet_tiny", channels=3, size=36)
    drawn = Context(encoder).draw(keys)["jitter"].flatten(1)
    for operation in ("crop", "flip", "jitter", "grayscale", "blur", "solarise"):
        assert not torch.equal(drawn, keys.uniform(operation, 4)), operation


@pytest.mark.parametrize(
    ("name", "chance"), [("rotnet", 1 / 4), ("context", 1 / 8), ("jigsaw", 1 / 6)]
)
def test_guessing_scores_what_the_file_says(name: str, chance: float) -> None:
    """A picture of noise holds no answer."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    method = methods.build(name, Seen(60), **SMALL[name])
    noise = torch.randn(600, 3, 60, 60, generator=generator)
    draws = method.draw(Keys(0, 0, torch.arange(600)))
    score = method(Batch([noise], torch.arange(600), draws=draws)).scores["accuracy"]
    assert float(score) == pytest.approx(chance, abs=0.06)


@pytest.mark.parametrize("name", ["context", "jigsaw"])
@pytest.mark.parametrize("size", [32, 64])
def test_a_vit_gets_tiles_of_whole_patches(name: str, size: int) -> None:
    encoder = encoders.build("vit_micro", channels=3, size=size)
    method = methods.build(name, encoder, **SMALL[name])
    draws = method.draw(Keys(0, 0, torch.arange(4)))
    assert method(Batch([torch.randn(4, 3, size, size)], torch.arange(4), draws=draws)).losses


def test_views_whose_tiles_hold_nothing_are_refused() -> None:
    for name, size in (("context", 16), ("jigsaw", 12)):
        method = methods.build(name, Seen(32), **SMALL[name])
        method.check_side(32)
        with pytest.raises(Refusal, match=rf"{name} cuts views of {size} px into tiles of 3 px"):
            method.check_side(size)


@pytest.mark.parametrize("name", ["context", "jigsaw"])
@pytest.mark.parametrize("sides", [(10, 32), (32, 10)])
def test_each_side_of_a_run_is_asked_before_it_begins(name: str, sides: tuple[int, int]) -> None:
    run = config.resolve(name, {"data": "shapes", "data.take": 300, "views.sides": sides})
    with pytest.raises(Refusal, match=rf"{name} cuts views of 10 px.*views\.sides"):
        prepare(run)


@pytest.mark.parametrize("name", ["context", "jigsaw"])
def test_small_tiles_have_finite_gradients_in_bfloat16(name: str) -> None:
    """A 3 x 3 filter that strides over one pixel has none on CPUs: tiles are shown larger than that."""
    torch.manual_seed(0)
    encoder = encoders.build("resnet_tiny", channels=3, size=32, stem="strided")
    method = methods.build(name, encoder, **SMALL[name])
    maps: list[int] = []
    for module in encoder.modules():
        if isinstance(module, torch.nn.Conv2d) and module.stride == (2, 2):
            module.register_forward_hook(lambda _, given, __: maps.append(given[0].shape[-1]))
    draws = method.draw(Keys(0, 0, torch.arange(8)))
    with torch.autocast("cpu", torch.bfloat16):
        (loss,) = method(
            Batch([torch.randn(8, 3, 32, 32)], torch.arange(8), draws=draws)
        ).losses.values()
    loss.backward()
    assert min(maps) > 1
    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("name", ["context", "jigsaw"])
def test_questions_are_equal_for_any_slicing_of_the_batch(name: str) -> None:
    method = methods.build(name, Seen(48), **SMALL[name])
    whole = method.draw(Keys(3, 7, torch.arange(12)))
    parts = [method.draw(Keys(3, 7, part)) for part in torch.arange(12).split([5, 7])]
    for key, value in whole.items():
        assert torch.equal(value, torch.cat([part[key] for part in parts]))
