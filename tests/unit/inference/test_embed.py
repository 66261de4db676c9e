"""A loaded encoder gives the same features whatever form the pictures come in."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from selftaught.encoders import files
from selftaught.encoders.pixels import Pixels
from selftaught.errors import Refusal
from selftaught.inference import Embedder, load, pictures_in

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)


def embedder(folder: Path, channels: int = 3, levels: int = 255) -> Embedder:
    preprocessing = {
        "size": 8,
        "channels": channels,
        "levels": levels,
        "mean": MEAN[:channels],
        "std": STD[:channels],
    }
    encoder = Pixels(channels=channels, size=8)
    files.write(folder / files.NAME, encoder, preprocessing=preprocessing, about={"method": "byol"})
    return load(folder)


def arrays(n: int = 5, side: int = 8, channels: int = 3) -> np.ndarray:
    drawn = np.random.default_rng(0).integers(0, 256, (n, side, side, channels))
    return drawn.astype(np.uint8)


def expected(given: np.ndarray, levels: int = 255) -> np.ndarray:
    channels = given.shape[-1]
    clean = (given.astype(np.float64) / levels - MEAN[:channels]) / STD[:channels]
    return clean.transpose(0, 3, 1, 2).reshape(len(given), -1)


def test_every_form_of_the_same_pictures_gives_the_same_features(tmp_path: Path) -> None:
    tool = embedder(tmp_path)
    given = arrays()
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    paths = [folder / f"{i}.png" for i in range(4)] + [folder / "inner" / "4.png"]
    for path, array in zip(paths, given, strict=True):
        Image.fromarray(array).save(path)
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"")
    tensor = torch.from_numpy(given).permute(0, 3, 1, 2)
    for form in (
        given,
        tensor,
        tensor.to(torch.uint8).contiguous(),
        [Image.fromarray(array) for array in given],
        paths,
        [str(path) for path in paths],
        folder,
        str(folder),
    ):
        found = tool.embed(form, batch=2)
        assert found.dtype == np.float32
        assert found.shape == (5, tool.dim)
        np.testing.assert_allclose(found, expected(given), atol=1e-5)
    np.testing.assert_allclose(tool.embed(paths[::-1]), expected(given)[::-1], atol=1e-5)
    np.testing.assert_allclose(tool.embed(paths[2]), expected(given)[2:3], atol=1e-5)
    assert pictures_in(folder) == paths


def test_the_file_is_enough_and_may_lie_anywhere(tmp_path: Path) -> None:
    given = arrays()
    one = embedder(tmp_path).embed(given)
    moved = tmp_path / "elsewhere.safetensors"
    (tmp_path / files.NAME).rename(moved)
    assert np.array_equal(load(moved).embed(given), one)
    assert load(moved).about["method"] == "byol"


def test_sixteen_bits(tmp_path: Path) -> None:
    tool = embedder(tmp_path, channels=1, levels=65535)
    deep = np.random.default_rng(0).integers(0, 65536, (3, 8, 8, 1)).astype(np.uint16)
    np.testing.assert_allclose(tool.embed(deep), expected(deep, 65535), atol=1e-5)
    tensor = torch.from_numpy(deep.astype(np.int32)).permute(0, 3, 1, 2)
    np.testing.assert_allclose(tool.embed(tensor), expected(deep, 65535), atol=1e-5)
    pictures = [Image.fromarray(array[..., 0]) for array in deep]
    np.testing.assert_allclose(tool.embed(pictures), expected(deep, 65535), atol=1e-5)
    path = tmp_path / "deep.png"
    pictures[0].save(path)
    np.testing.assert_allclose(tool.embed([path]), expected(deep[:1], 65535), atol=1e-5)


def test_grey_is_widened_for_an_encoder_of_colour(tmp_path: Path) -> None:
    tool = embedder(tmp_path)
    grey = arrays(channels=1)
    wide = expected(grey.repeat(3, -1))
    np.testing.assert_allclose(tool.embed(grey), wide, atol=1e-5)
    pictures = [Image.fromarray(array[..., 0]) for array in grey]
    np.testing.assert_allclose(tool.embed(pictures), wide, atol=1e-5)
    mixed = [pictures[0], Image.fromarray(arrays()[1])]
    np.testing.assert_allclose(
        tool.embed(mixed), np.concatenate([wide[:1], expected(arrays()[1:2])]), atol=1e-5
    )


def test_pictures_of_any_size_are_cut_to_the_centred_square(tmp_path: Path) -> None:
    tool = embedder(tmp_path)
    wide = np.zeros((8, 20, 3), np.uint8)
    wide[:, 6:14] = arrays(1)[0]
    found = tool.embed([Image.fromarray(wide), Image.fromarray(arrays(1)[0])])
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    large = arrays(3, side=30)
    np.testing.assert_allclose(
        tool.embed(large), tool.embed([Image.fromarray(a) for a in large]), atol=1e-5
    )


def test_modes_that_become_rgb(tmp_path: Path) -> None:
    tool = embedder(tmp_path)
    plain = Image.fromarray(np.full((8, 8, 3), (200, 100, 50), np.uint8))
    for mode in ("RGBA", "P", "YCbCr", "CMYK"):
        other = plain.quantize(4) if mode == "P" else plain.convert(mode)
        np.testing.assert_allclose(tool.embed([other]), tool.embed([plain]), atol=0.05)


def test_exif_orientation_is_applied_to_files(tmp_path: Path) -> None:
    tool = embedder(tmp_path)
    upright = Image.fromarray(arrays(1)[0])
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    upright.rotate(90).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_allclose(
        tool.embed([tmp_path / "turned.png"]), tool.embed([upright]), atol=1e-5
    )


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    tool = embedder(tmp_path)
    assert tool.embed([]).shape == (0, 192)
    assert tool.embed(arrays(0)).shape == (0, 192)


def test_refusals(tmp_path: Path) -> None:
    tool = embedder(tmp_path)

    def said(given: object, using: Embedder = tool) -> str:
        with pytest.raises(Refusal) as caught:
            using.embed(given)
        return str(caught.value)

    for content in (b"", b"not a picture"):
        (tmp_path / "broken.png").write_bytes(content)
        assert "broken.png cannot be read" in said([tmp_path / "broken.png"])
    Image.fromarray(arrays(1, side=64)[0]).save(tmp_path / "cut.jpg")
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    assert "cut.jpg cannot be read" in said([tmp_path / "cut.jpg"])
    assert "no picture" in said(tmp_path / "missing.png")
    (tmp_path / "empty").mkdir()
    assert "no picture in" in said(tmp_path / "empty")
    assert "has 4 channels" in said(arrays(channels=4))
    assert "[n, h, w, c]" in said(arrays().transpose(0, 3, 1, 2))
    assert "[8, 8, 3]" in said(arrays()[0])
    assert "float32" in said(arrays().astype(np.float32))
    assert "float32" in said(torch.rand(2, 3, 8, 8))
    assert "0 to 65535" in said(torch.full((1, 3, 8, 8), -1, dtype=torch.int32))
    assert "list may hold" in said([arrays()[0]])
    assert "do not fit 16 bits" in said([Image.new("F", (8, 8))])
    (tmp_path / "grey").mkdir()
    grey = embedder(tmp_path / "grey", channels=1)
    assert "has 3 channels" in said([Image.fromarray(arrays()[0])], grey)


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = embedder(tmp_path)
    Image.fromarray(arrays(1, side=64)[0]).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)
    with pytest.raises(Refusal, match="bomb"):
        tool.embed([tmp_path / "bomb.png"])
