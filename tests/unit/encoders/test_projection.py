"""A linear map of the pixels, exact under autocast, with signs that do not depend on the solver."""

from pathlib import Path

import torch

from selftaught.encoders import build, files
from selftaught.encoders.projection import Projection


def fitted(size: int = 4) -> Projection:
    torch.manual_seed(0)
    encoder = Projection(channels=3, size=size, dims=2)
    encoder.set(torch.randn(48), torch.randn(48, 2))
    return encoder


def test_features_are_the_centred_pixels_times_the_matrix() -> None:
    encoder, pictures = fitted(), torch.randn(5, 3, 4, 4)
    expected = (pictures.flatten(1) - encoder.mean) @ encoder.matrix
    torch.testing.assert_close(encoder(pictures), expected)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(encoder(pictures), encoder(pictures).float())
        torch.testing.assert_close(encoder(pictures), expected)


def test_the_sign_of_a_direction_is_settled() -> None:
    one, other = Projection(channels=1, size=2, dims=2), Projection(channels=1, size=2, dims=2)
    matrix = torch.tensor([[0.1, -3], [-2, 1], [0.5, 0], [0, 0]])
    one.set(torch.zeros(4), matrix)
    other.set(torch.zeros(4), -matrix)
    assert torch.equal(one.matrix, other.matrix)
    torch.testing.assert_close(one.matrix, torch.tensor([[-0.1, 3], [2, -1], [-0.5, 0], [0, 0]]))


def test_it_is_exported_and_read_back(tmp_path: Path) -> None:
    encoder = fitted()
    facts = {"size": 4, "channels": 3, "levels": 255, "mean": (0.5,) * 3, "std": (0.2,) * 3}
    files.write(tmp_path / "e.safetensors", encoder, preprocessing=facts)
    found, _ = files.read(tmp_path / "e.safetensors")
    pictures = torch.randn(5, 3, 4, 4)
    assert torch.equal(found(pictures), encoder(pictures))


def test_large_pictures_are_averaged_down_first() -> None:
    encoder = build("projection", channels=1, size=64, dims=3)
    assert encoder(torch.randn(2, 1, 64, 64)).shape == (2, 3)
    assert encoder.state_dict()["matrix"].shape == (32 * 32, 3)
