"""Training that starts from weights that others published: found on the disk, fitted, fed as they want."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from selftaught import config
from selftaught.encoders import build, files
from selftaught.encoders.backbone import Timm
from selftaught.errors import Refusal
from selftaught.training import prepare
from selftaught.training.setup import Setup

timm = pytest.importorskip("timm")

Keep = Callable[[str, nn.Module], Path]
MODEL = "test_resnet"
"""A model of timm's for tests: 160 px, 470,000 weights."""


@pytest.fixture
def published(hub: Keep) -> nn.Module:
    """The model whose weights lie in the cache of the hub."""
    torch.manual_seed(5)
    model: nn.Module = timm.create_model(MODEL, pretrained=False)
    hub(MODEL, model)
    return model.eval()


def prepared(**changes: object) -> Setup:
    given = {"data": "shapes", "data.take": 100, "batch": 32, "encoder": f"timm:{MODEL}"}
    return prepare(config.resolve("simclr", {**given, "encoder.stem": "auto"}, changes))


def test_a_run_starts_from_published_weights_and_feeds_them_as_their_authors_did(
    published: nn.Module,
) -> None:
    setup = prepared(**{"encoder.init": "pretrained"})
    views = torch.rand(2, 3, 32, 32)
    expected = published.forward_head(published.forward_features(views), pre_logits=True)  # type: ignore[operator]
    torch.testing.assert_close(setup.encoder.eval()(views), expected, rtol=1e-4, atol=1e-5)
    cfg = timm.get_pretrained_cfg(MODEL)
    assert (setup.splits.mean, setup.splits.std) == (tuple(cfg.mean), tuple(cfg.std))
    assert (setup.clean.mean, setup.views.std) == (tuple(cfg.mean), tuple(cfg.std))
    fresh = prepared()
    assert fresh.splits.mean != tuple(cfg.mean)
    assert not torch.allclose(fresh.encoder.eval()(views), expected)


def test_a_file_of_weights_will_do_as_well(published: nn.Module, tmp_path: Path) -> None:
    torch.save(published.state_dict(), tmp_path / "mine.pth")
    one = prepared(**{"encoder.init": str(tmp_path / "mine.pth")}).encoder.state_dict()
    other = prepared(**{"encoder.init": "pretrained"}).encoder.state_dict()
    assert all(torch.equal(value, other[key]) for key, value in one.items())


def test_grey_pictures_get_the_sum_of_the_channels(published: nn.Module) -> None:
    encoder = build(f"timm:{MODEL}", channels=1, size=32)
    files.start_from(encoder, "pretrained")
    assert isinstance(encoder, Timm) and encoder.normalisation is None
    first = next(iter(encoder.network.state_dict().values()))
    theirs = next(iter(published.state_dict().values()))
    torch.testing.assert_close(first, theirs.sum(dim=1, keepdim=True))


def test_what_starts_from_a_run_is_fed_as_that_run_was(tmp_path: Path) -> None:
    encoder = build("resnet_tiny", channels=3, size=32)
    fed = {
        "size": 32,
        "channels": 3,
        "levels": 255,
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
    }
    files.write(tmp_path / files.NAME, encoder, preprocessing=fed)
    setup = prepared(**{"encoder": "resnet_tiny", "encoder.init": str(tmp_path)})
    assert (setup.splits.mean, setup.splits.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))


@pytest.mark.usefixtures("hub")
def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"nothing is downloaded.*or give encoder\.init=PATH"):
        prepared(**{"encoder.init": "pretrained"})
    with pytest.raises(
        Refusal, match=r"is for models of timm's.*no published weights of resnet_tiny"
    ):
        prepared(**{"encoder": "resnet_tiny", "encoder.init": "pretrained"})
    (tmp_path / "foreign.pth").write_bytes(b"no weights")
    with pytest.raises(Refusal, match="cannot be loaded as weights of test_resnet"):
        prepared(**{"encoder.init": str(tmp_path / "foreign.pth")})
    torch.save(timm.create_model("test_vit").state_dict(), tmp_path / "other.pth")
    with pytest.raises(Refusal, match=r"does not hold test_resnet: it lacks conv1\.0\.weight"):
        prepared(**{"encoder.init": str(tmp_path / "other.pth")})
    with pytest.raises(
        Refusal, match=r"Invalid pretrained tag \(none\) for test_resnet; did you mean"
    ):
        prepared(encoder=f"timm:{MODEL}.none")


@pytest.mark.parametrize("left_out", ["bn1.weight", "layer1.0.bn1.running_var"])
def test_a_file_that_lacks_a_norm_is_refused(
    left_out: str, published: nn.Module, tmp_path: Path
) -> None:
    weights = published.state_dict()
    del weights[left_out]
    save_file(weights, tmp_path / "most.safetensors")
    with pytest.raises(Refusal, match=f"it lacks {left_out}"):
        prepared(**{"encoder.init": str(tmp_path / "most.safetensors")})


def test_the_encoder_carries_no_second_copy_of_the_file(published: nn.Module) -> None:
    network = prepared(**{"encoder.init": "pretrained"}).encoder.network
    assert isinstance(network, nn.Module)
    assert not any(isinstance(value, dict) for value in dict(network.pretrained_cfg).values())  # type: ignore[arg-type]
