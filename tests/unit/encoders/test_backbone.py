"""Any model of timm stands behind the same contract."""

import sys

import pytest
import torch

from selftaught import encoders
from selftaught.encoders.backbone import Timm
from selftaught.errors import Refusal

timm = pytest.importorskip("timm")


@torch.no_grad()
def test_a_model_of_timm_is_an_encoder() -> None:
    encoder = encoders.build("timm:resnet18", channels=1, size=32)
    assert isinstance(encoder, Timm)
    assert encoder.dim == 512
    assert encoder.training
    pictures = torch.randn(2, 1, 32, 32)
    expected = timm.create_model("resnet18", pretrained=False, num_classes=0, in_chans=1)
    weights = {k.removeprefix("network."): v for k, v in encoder.state_dict().items()}
    expected.load_state_dict(weights)
    torch.testing.assert_close(encoder.eval()(pictures), expected.eval()(pictures))


def test_the_first_look_at_the_size_leaves_no_trace() -> None:
    encoder = encoders.build("timm:resnet18", channels=3, size=32)
    statistics = {k: v for k, v in encoder.state_dict().items() if "running" in k}
    assert all((v == (1 if "var" in k else 0)).all() for k, v in statistics.items())


def test_a_model_of_a_fixed_size_is_built_for_the_views() -> None:
    encoder = encoders.build("timm:vit_tiny_patch16_224", channels=3, size=64)
    assert encoder.state_dict()["network.pos_embed"].shape[1] == 4**2 + 1
    again = encoders.build(**encoder.recipe)
    again.load_state_dict(encoder.state_dict())


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="timm has no model 'resnet1888'; did you mean 'resnet18"):
        encoders.build("timm:resnet1888", channels=3, size=32)
    with pytest.raises(Refusal, match="timm has no model ''"):
        encoders.build("timm:", channels=3, size=32)


def test_views_that_a_model_cannot_read_are_refused() -> None:
    with pytest.raises(Refusal, match="timm:vit_tiny_patch16_224 cannot read 8 px views"):
        encoders.build("timm:vit_tiny_patch16_224", channels=3, size=8)


def test_without_timm_only_timm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(Refusal, match="pip install timm"):
        encoders.build("timm:resnet18", channels=3, size=32)
    assert encoders.build("resnet_tiny", channels=3, size=32).dim == 128


def test_a_stem_that_a_recipe_brings_is_refused_with_the_word_that_leaves_it_out() -> None:
    with pytest.raises(
        Refusal, match=r"stem=strided is for ResNets of ours.*give encoder\.stem=auto"
    ):
        encoders.build("timm:test_resnet", channels=3, size=32, stem="strided")
