import math

import pytest
import torch
from torch import nn

from selftaught.encoders.vit import Block
from selftaught.errors import Refusal
from selftaught.parts.decoder import Decoder, sine_places


def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(6, 16, 5, 4, Block(16, 4), Block(16, 4)).double()


def test_places_are_sines_of_the_row_and_of_the_column() -> None:
    places = sine_places(3, 8)
    for row in range(3):
        for column in range(3):
            expected = []
            for at in (row, column):
                angles = [at / 10000 ** (k / 2) for k in range(2)]
                expected += [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
            torch.testing.assert_close(places[3 * row + column], torch.tensor(expected))


def test_a_width_that_holds_no_sines_of_two_dimensions_is_refused() -> None:
    with pytest.raises(Refusal, match=r"width of 6.*multiple of 4"):
        sine_places(4, 6)


@torch.no_grad()
def test_the_order_in_which_patches_are_named_means_nothing() -> None:
    """What others do by putting tokens back in order: a guess belongs to its place."""
    model, generator = decoder(), torch.Generator().manual_seed(1)
    tokens = torch.randn(2, 1 + 5, 6, generator=generator, dtype=torch.float64)
    order = torch.stack([torch.randperm(16, generator=generator) for _ in range(2)])
    keep, asked = order[:, :5], order[:, 5:]
    guesses = model(tokens, keep, asked)
    mixed = torch.randperm(5, generator=generator)
    known = torch.cat([tokens[:, :1], tokens[:, 1:][:, mixed]], dim=1)
    again = model(known, keep[:, mixed], asked.flip(1)).flip(1)
    torch.testing.assert_close(again, guesses)


@torch.no_grad()
def test_a_guess_depends_on_its_place_and_on_the_places_of_what_is_known() -> None:
    model = decoder()
    tokens = torch.randn(1, 2, 6, dtype=torch.float64)
    keep, asked = torch.tensor([[0, 1]]), torch.tensor([[2, 3]])
    guesses = model(tokens, keep, asked)
    assert not torch.allclose(guesses[:, 0], guesses[:, 1])
    assert not torch.allclose(model(tokens, keep + 8, asked), guesses)


@torch.no_grad()
def test_what_comes_first_has_no_place() -> None:
    model = decoder()
    model.blocks = nn.Sequential()  # nothing mixes: only what is added can tell
    seen: list[torch.Tensor] = []
    model.blocks.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    token = torch.randn(1, 1, 6, dtype=torch.float64)
    model(token.expand(1, 2, 6), torch.tensor([[7]]), torch.tensor([[2]]))
    torch.testing.assert_close(seen[0][:, 0], model.enter(token)[:, 0])
    torch.testing.assert_close(seen[0][:, 1], model.enter(token)[:, 0] + model.places[:, 7])
    torch.testing.assert_close(seen[0][:, 2], model.mask_token[:, 0] + model.places[:, 2])
