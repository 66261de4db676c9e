"""Grey shown as colour and colour as grey: as Pillow has it, whole or streamed."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from selftaught.data import Request
from selftaught.data.channels import ConvertingCrop, convert, with_channels
from selftaught.data.files import Kind
from selftaught.data.resident import Resident
from selftaught.data.streamed import InMemory, Streamed
from selftaught.errors import Refusal


def pictures(channels: int, n: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (n, channels, 5, 7), generator=generator, dtype=torch.uint8)


def whole(picture, plan, row):
    return [picture.float()]


def test_grey_is_what_pillow_makes_of_colour() -> None:
    colour = pictures(3)
    found = convert(colour, 1)
    for picture, grey in zip(colour, found, strict=True):
        expected = np.asarray(Image.fromarray(picture.permute(1, 2, 0).numpy()).convert("L"))
        assert (grey[0].int() - torch.tensor(expected.astype(int))).abs().max() <= 1
    assert found.dtype == torch.uint8


def test_colour_is_grey_repeated() -> None:
    grey = pictures(1)
    assert torch.equal(convert(grey, 3), grey.repeat(1, 3, 1, 1))


@pytest.mark.parametrize(("has", "wants"), [(1, 3), (3, 1), (1, 5)])
def test_streamed_pictures_are_converted_before_they_are_cropped(has: int, wants: int) -> None:
    given = pictures(has)
    names = tuple("abcdef")
    labels = torch.arange(6)
    sizes = torch.tensor([[5, 7]] * 6)
    streamed = Streamed(InMemory(tuple(given), names), sizes, Kind(has, 255), labels=labels)
    resident = Resident(given, labels)
    request = Request(torch.tensor([4, 0, 2]))
    a, b = (with_channels(each, wants, "them") for each in (streamed, resident))
    (crops,) = a.fetch([request], whole)
    (found,) = b.fetch([request], whole)
    assert crops.crops is not None
    assert found.pictures is not None
    assert torch.equal(crops.crops[0], found.pictures.float())
    assert found.pictures.shape == (3, wants, 5, 7)
    some = b.subset(torch.tensor([5, 1]))
    assert (len(some), some.channels) == (2, wants)
    assert some.labels is not None
    assert some.labels.tolist() == [5, 1]
    assert b.quarantine() == []


def test_as_it_is_where_the_channels_agree_and_refused_where_they_would_be_guessed() -> None:
    colour = Resident(pictures(3))
    assert with_channels(colour, 3, "birds") is colour
    with pytest.raises(Refusal, match=r"Pictures of birds have 3 channels .* taught on 5"):
        with_channels(colour, 5, "birds")


def test_the_crop_goes_to_other_processes() -> None:
    crop = pickle.loads(pickle.dumps(ConvertingCrop(whole, 3)))
    assert crop(pictures(1)[0], None, 0)[0].shape == (3, 5, 7)
