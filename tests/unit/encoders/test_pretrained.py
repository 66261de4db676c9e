"""Weights from the disk: found or refused with the place, never downloaded, fed as their authors did."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from selftaught.encoders import build, files
from selftaught.encoders.pretrained import Pretrained, find_weights
from selftaught.errors import Refusal

timm = pytest.importorskip("timm")

Keep = Callable[[str, nn.Module], Path]
MODEL = "test_resnet"
"""A model of timm's for tests: 160 px, 470,000 weights."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, hub: Keep) -> None:
    def refuse(*arguments: Any, **keywords: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def published_model() -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = timm.create_model(MODEL, pretrained=False)
    return model.eval()


def encoder(size: int = 32, channels: int = 3) -> Pretrained:
    mean, std = [0.5, 0.4, 0.3][:channels], [0.2, 0.25, 0.3][:channels]
    return Pretrained(channels=channels, size=size, model=MODEL, mean=mean, std=std)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_are_taken_from_a_file_and_pictures_fed_as_the_authors_did(
    suffix: str, tmp_path: Path
) -> None:
    model, path = published_model(), tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(model.state_dict(), path)
    else:
        save_file(model.state_dict(), path)
    found = encoder()
    found.load(find_weights(MODEL, str(path)))
    raw = torch.rand(2, 3, 32, 32)
    cfg = timm.get_pretrained_cfg(MODEL)
    side = cfg.input_size[-1]
    large = F.interpolate(raw, (side, side), mode="bicubic", antialias=True)
    theirs = (large - torch.tensor(cfg.mean)[:, None, None]) / torch.tensor(cfg.std)[:, None, None]
    ours = (raw - torch.tensor([0.5, 0.4, 0.3])[:, None, None]) / torch.tensor([0.2, 0.25, 0.3])[
        :, None, None
    ]
    expected = model.forward_head(model.forward_features(theirs), pre_logits=True)
    found.eval()
    torch.testing.assert_close(found(ours), expected, rtol=1e-4, atol=1e-5)


def test_grey_pictures_are_shown_in_three_channels() -> None:
    grey, colour = encoder(channels=1).eval(), encoder().eval()
    grey.network.load_state_dict(colour.network.state_dict())
    raw = torch.rand(2, 1, 32, 32)
    one = grey((raw - 0.5) / 0.2)
    means, stds = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.25, 0.3])
    three = colour((raw.expand(-1, 3, -1, -1) - means[:, None, None]) / stds[:, None, None])
    torch.testing.assert_close(one, three, rtol=1e-4, atol=1e-5)
    with pytest.raises(Refusal, match="not 4"):
        Pretrained(channels=4, size=32, model=MODEL, mean=[0.5] * 4, std=[0.2] * 4)


def test_the_caches_are_looked_through(hub: Keep) -> None:
    kept = hub(MODEL, published_model())
    assert find_weights(MODEL) == kept


def test_missing_weights_are_refused_with_the_place_where_they_were_expected(
    tmp_path: Path,
) -> None:
    with pytest.raises(Refusal, match=r"not on this disk.*timm/test_resnet.*hub.*file=PATH"):
        find_weights(MODEL)
    with pytest.raises(Refusal, match=r"there is no file nowhere\.pth"):
        find_weights(MODEL, "nowhere.pth")
    with pytest.raises(Refusal, match="did you mean 'resnet18"):
        find_weights("resnet1888")
    with pytest.raises(Refusal, match=r"knows no weights for 'resnet18\.none'; did you mean"):
        find_weights("resnet18.none")


def test_a_file_of_another_model_or_of_none_is_refused(tmp_path: Path) -> None:
    other = timm.create_model("test_vit", pretrained=False)
    save_file(other.state_dict(), tmp_path / "vit.safetensors")
    with pytest.raises(Refusal, match=f"does not hold {MODEL}: it lacks"):
        encoder().load(tmp_path / "vit.safetensors")
    (tmp_path / "bad.pth").write_bytes(b"not weights")
    with pytest.raises(Refusal, match="cannot be loaded as weights"):
        encoder().load(tmp_path / "bad.pth")


class Executes:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("/nowhere").unlink, ())


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Executes()}, tmp_path / "evil.pth")
    with pytest.raises(Refusal, match="cannot be loaded as weights"):
        encoder().load(tmp_path / "evil.pth")


def test_it_is_exported_and_read_back(tmp_path: Path) -> None:
    given = encoder().eval()
    facts = {"size": 32, "channels": 3, "levels": 255, "mean": (0.5,) * 3, "std": (0.2,) * 3}
    files.write(tmp_path / "e.safetensors", given, preprocessing=facts)
    found, _ = files.read(tmp_path / "e.safetensors")
    pictures = torch.randn(2, 3, 32, 32)
    assert torch.equal(found(pictures), given(pictures))
    assert build(**given.recipe).dim == given.dim
