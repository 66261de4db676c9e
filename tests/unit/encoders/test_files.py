"""The encoder's file: whole, foreign, damaged."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from selftaught.encoders import build, files
from selftaught.encoders.pixels import Pixels
from selftaught.errors import Refusal

PREPROCESSING = {"size": 32, "channels": 3, "levels": 255, "mean": (0.5,) * 3, "std": (0.2,) * 3}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    encoder = build("resnet_small", channels=3, size=32).to(memory_format=torch.channels_last)
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            nn.init.uniform_(module.running_mean)
    path = tmp_path / "encoder.safetensors"
    files.write(path, encoder, preprocessing=PREPROCESSING, about={"method": "byol"})
    for given in (path, tmp_path, str(path)):
        found, header = files.read(given)
        assert header["method"] == "byol"
        assert header["format"] == 1
        assert header["preprocessing"]["mean"] == [0.5] * 3
        assert not found.training
        for name, tensor in encoder.state_dict().items():
            assert torch.equal(found.state_dict()[name], tensor)
    assert [p.name for p in tmp_path.iterdir()] == ["encoder.safetensors"]


def test_any_program_can_read_it(tmp_path: Path) -> None:
    encoder = build("resnet_small", channels=3, size=32)
    files.write(tmp_path / "e.safetensors", encoder, preprocessing=PREPROCESSING)
    with safe_open(tmp_path / "e.safetensors", framework="np") as file:
        assert json.loads(file.metadata()["selftaught"])["encoder"]["name"] == "resnet_small"
        assert set(file.keys()) == set(encoder.state_dict())


def test_tensors_that_share_storage_are_written_each(tmp_path: Path) -> None:
    encoder = build("random_patches", channels=1, size=8, patches=4)
    encoder.register_buffer("offset", encoder.filters.flatten()[:4])
    files.write(tmp_path / "e.safetensors", encoder, preprocessing=PREPROCESSING)
    files.read(tmp_path / "e.safetensors")


def test_an_encoder_without_weights(tmp_path: Path) -> None:
    files.write(tmp_path / "e.safetensors", Pixels(channels=3, size=8), preprocessing=PREPROCESSING)
    assert files.read(tmp_path / "e.safetensors")[0].dim == 192


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "encoder.safetensors"
    files.write(path, Pixels(channels=3, size=8), preprocessing=PREPROCESSING)
    before = path.read_bytes()

    def full_disk(tensors: object, target: Path, metadata: object) -> None:
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        files.write(path, Pixels(channels=3, size=9), preprocessing=PREPROCESSING)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_refusals(tmp_path: Path) -> None:
    def said(path: Path) -> str:
        with pytest.raises(Refusal) as caught:
            files.read(path)
        return str(caught.value)

    assert "no file" in said(tmp_path / "missing.safetensors")
    assert "no run folder" in said(tmp_path)
    path = tmp_path / "e.safetensors"
    files.write(path, build("resnet_small", channels=3, size=32), preprocessing=PREPROCESSING)
    whole = path.read_bytes()
    for broken in (b"", b"not a file of tensors at all", whole[: len(whole) // 2]):
        path.write_bytes(broken)
        assert "cannot be read as safetensors" in said(path)
    save_file({"a": torch.zeros(1)}, path)
    assert "selftaught did not write it" in said(path)

    def forged(**header: object) -> str:
        save_file({"a": torch.zeros(1)}, path, metadata={"selftaught": json.dumps(header)})
        return said(path)

    fitting = {"name": "pixels", "channels": 3, "size": 8}
    assert "newer selftaught" in forged(format=2, encoder=fitting, preprocessing=PREPROCESSING)
    assert "does not hold" in forged(format=1, encoder=fitting, preprocessing=PREPROCESSING)
    assert "no encoder 'resnet_smal'" in forged(
        format=1, encoder={**fitting, "name": "resnet_smal"}, preprocessing=PREPROCESSING
    )
