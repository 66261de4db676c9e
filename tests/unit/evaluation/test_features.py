"""Features come in the source's order, in evaluation mode, and leave the encoder as it was."""

import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.data.files import Kind, UnreadableError
from selftaught.data.resident import Resident
from selftaught.data.streamed import InMemory, Streamed
from selftaught.encoders import Encoder
from selftaught.encoders.pixels import Pixels
from selftaught.errors import RunFailed
from selftaught.evaluation import extract
from selftaught.views.engine import Views

CPU = torch.device("cpu")
CLEAN = Views.clean(size=4, channels=3, levels=255, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.25))
NAMES = tuple(f"{i}.png" for i in range(23))


class Normed(Encoder):
    """Batch statistics and dropout: whoever forgets evaluation mode is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.dim = 5
        self.norm = nn.BatchNorm1d(48)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(48, 5)
        self.dtypes: list[torch.dtype] = []

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        found: Tensor = self.head(self.drop(self.norm(pictures.flatten(1))))
        self.dtypes.append(found.dtype)
        return found


def pictures(n: int = 23, side: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (n, 3, side, side), generator=generator, dtype=torch.uint8)


def test_pixels_are_the_normalised_pictures_in_order() -> None:
    given = pictures()
    labels = torch.arange(23) % 3 - 1
    found = extract(
        Pixels(channels=3, size=4), Resident(given, labels), CLEAN, device=CPU, batch=10
    )
    mean, std = torch.tensor((0.5, 0.4, 0.3)), torch.tensor((0.2, 0.3, 0.25))
    expected = (given / 255 - mean[:, None, None]) / std[:, None, None]
    torch.testing.assert_close(found.features, expected.flatten(1))
    assert found.labels is not None
    assert torch.equal(found.labels, labels)
    assert extract(Pixels(channels=3, size=4), Resident(given), CLEAN, device=CPU).labels is None


def test_evaluation_mode_during_and_each_modules_own_mode_after() -> None:
    encoder = Normed().train()
    encoder.norm.eval()
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    found = extract(encoder, Resident(pictures()), CLEAN, device=CPU, batch=8).features
    again = extract(encoder, Resident(pictures()), CLEAN, device=CPU, batch=23).features
    torch.testing.assert_close(found, again)
    assert not found.requires_grad
    assert encoder.training and encoder.drop.training and not encoder.norm.training
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_modes_come_back_when_the_encoder_breaks() -> None:
    encoder = Normed().train()
    with pytest.raises(RuntimeError):
        extract(encoder, Resident(pictures(side=8)), CLEAN8, device=CPU)
    assert encoder.training and encoder.norm.training


CLEAN8 = Views.clean(size=8, channels=3, levels=255, mean=(0.5,) * 3, std=(0.2,) * 3)


def test_half_precision_computes_in_half_and_gives_float32() -> None:
    encoder = Normed()
    source = Resident(pictures())
    half = extract(encoder, source, CLEAN, device=CPU, dtype=torch.bfloat16).features
    full = extract(encoder, source, CLEAN, device=CPU).features
    assert encoder.dtypes == [torch.bfloat16, torch.float32]
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, full, atol=0.05, rtol=0.05)


def test_a_source_that_crops_while_reading_gives_the_same_features() -> None:
    given = pictures(side=9)
    sizes = torch.tensor([[9, 9]] * len(given))
    streamed = Streamed(InMemory(tuple(given), NAMES), sizes, Kind(3, 255))
    encoder = Pixels(channels=3, size=4)
    torch.testing.assert_close(
        extract(encoder, streamed, CLEAN, device=CPU, batch=7).features,
        extract(encoder, Resident(given), CLEAN, device=CPU, batch=7).features,
    )


class TwoBroken(InMemory):
    """Rows 3 and 22 cannot be read."""

    def __call__(self, row: int) -> Tensor:
        if row in (3, 22):
            raise UnreadableError("zero bytes")
        return super().__call__(row)


def test_a_picture_that_stands_in_for_an_unreadable_one_does_not_count() -> None:
    given, labels = pictures(), torch.arange(23)
    sizes = torch.tensor([[4, 4]] * 23)
    source = Streamed(
        TwoBroken(tuple(given), NAMES), sizes, Kind(3, 255), labels=labels, max_bad=0.2
    )
    encoder = Pixels(channels=3, size=4)
    found = extract(encoder, source, CLEAN, device=CPU, batch=10)
    kept = torch.tensor([i for i in range(23) if i not in (3, 22)])
    assert torch.equal(found.index, kept)
    assert found.labels is not None and torch.equal(found.labels, kept)
    every = extract(encoder, Resident(given), CLEAN, device=CPU).features
    torch.testing.assert_close(found.features, every[kept])


def test_features_that_are_not_finite_break_the_run() -> None:
    encoder = Normed()
    nn.init.constant_(encoder.head.weight, torch.nan)
    with pytest.raises(RunFailed, match="23 of 23 pictures are not finite"):
        extract(encoder, Resident(pictures()), CLEAN, device=CPU)
