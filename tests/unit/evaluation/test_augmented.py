"""Augmented pictures: whole passes in a new order each, from the seed alone, on any source."""

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from selftaught.data import Splits
from selftaught.data.files import Kind
from selftaught.data.resident import Resident
from selftaught.data.streamed import InMemory, Streamed
from selftaught.encoders import Encoder
from selftaught.evaluation.augmented import features_of_views, lessons, shown, steps
from selftaught.evaluation.results import Subject
from selftaught.views.engine import Views

CPU = torch.device("cpu")


@pytest.fixture
def subject(stripes: Splits, small: Encoder) -> Subject:
    clean = Views.clean(size=12, channels=3, levels=255, mean=stripes.mean, std=stripes.std)
    return Subject(small, stripes, clean, CPU, torch.float32, 32, stripes.train, stripes.validation)


def test_steps_are_whole_passes() -> None:
    assert steps(100, batch=30, epochs=4) == 12
    assert steps(100, batch=30, epochs=4, fewest=20) == 21
    assert steps(10, batch=30, epochs=4) == 4


def test_each_pass_shows_each_picture_at_most_once_in_a_new_order(subject: Subject) -> None:
    views = shown(subject, "supervised")
    given = list(lessons(subject.bank, views, device=CPU, batch=20, steps=8, seed=3))
    assert [lesson.progress for lesson in given] == [step / 8 for step in range(8)]
    first, second = (torch.cat([x.index for x in given[a : a + 4]]) for a in (0, 4))
    assert len(first.unique()) == len(second.unique()) == 80
    assert not torch.equal(first, second)
    assert given[0].views[0].shape == (20, 3, 12, 12)
    again = list(lessons(subject.bank, views, device=CPU, batch=20, steps=8, seed=3))
    assert torch.equal(again[5].views[0], given[5].views[0])
    other = next(lessons(subject.bank, views, device=CPU, batch=20, steps=8, seed=4))
    assert not torch.equal(other.index, given[0].index)


def test_streamed_pictures_give_the_same_lessons(subject: Subject) -> None:
    bank = subject.bank
    assert isinstance(bank, Resident)
    names = tuple(str(i) for i in range(len(bank)))
    streamed = Streamed(InMemory(tuple(bank.pictures), names), bank.sizes, Kind(3, 255))
    views = shown(subject, "symmetric", 2)
    a, b = (
        next(lessons(source, views, device=CPU, batch=16, steps=1, seed=0))
        for source in (bank, streamed)
    )
    assert torch.equal(a.index, b.index)
    for one, other in zip(a.views, b.views, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_features_of_views_are_those_of_each_picture(subject: Subject) -> None:
    class Means(Encoder):
        dim = 3

        def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
            return pictures.mean((2, 3))

    # Flat pictures keep their colour through crop and flip.
    tones = torch.arange(0, 250, 5, dtype=torch.uint8)
    flat = Resident(tones[:, None, None, None].expand(-1, 3, 12, 12).contiguous())
    given = Subject(**{**vars(subject), "encoder": Means(), "batch": 16})
    found = features_of_views(given, flat, shown(given, "supervised", 4), seed=0)
    expected = ((tones.float() / 255 - 0.5) / 0.2)[:, None, None].expand(-1, 4, 3)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    varied = features_of_views(subject, subject.bank, shown(subject, "symmetric", 4), seed=0)
    assert varied.shape == (90, 4, 16)
    assert float(varied.std(1).mean()) > 0
