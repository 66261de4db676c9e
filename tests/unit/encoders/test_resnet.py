"""The family against torchvision's, weight by weight, and the stems."""

import pytest
import torch
import torchvision
from torch import nn

from selftaught import encoders
from selftaught.encoders.resnet import ARCHITECTURES, ResNet, Stem, choose_stem
from selftaught.errors import Refusal

CASES = ["resnet18", "resnet50"]


def pairs(ours: nn.Module, theirs: nn.Module) -> list[tuple[str, str]]:
    """Our weights and torchvision's, which names the shortcut first or last as it likes."""

    def key(name: str) -> tuple[bool, ...]:
        return ("shortcut" in name or "downsample" in name,)

    mine = sorted(ours.state_dict(), key=key)
    others = sorted((k for k in theirs.state_dict() if not k.startswith("fc.")), key=key)
    return list(zip(mine, others, strict=True))


def copied(name: str) -> tuple[ResNet, nn.Module]:
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None)
    for key, value in theirs.state_dict().items():
        if "running_var" in key:
            value.uniform_(0.5, 1.5)
        elif "running_mean" in key or key.endswith("bias"):
            value.normal_()
    ours = ResNet(name, channels=3, size=224)
    state = theirs.state_dict()
    ours.load_state_dict({mine: state[other] for mine, other in pairs(ours, theirs)})
    theirs.fc = nn.Identity()
    return ours.double().eval(), theirs.double().eval()


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_with_torchvisions_weights_it_gives_torchvisions_features(name: str) -> None:
    ours, theirs = copied(name)
    count = sum(p.numel() for p in ours.parameters())
    assert count == sum(p.numel() for p in theirs.parameters())
    pictures = torch.randn(2, 3, 96, 64, dtype=torch.float64)
    torch.testing.assert_close(ours(pictures), theirs(pictures), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["resnet34", "resnet101"])
def test_the_others_have_as_many_parameters(name: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)(weights=None)
        ours = ResNet(name, channels=3, size=224)
    expected = sum(p.numel() for p in theirs.parameters())
    assert sum(p.numel() for p in ours.parameters()) == expected - sum(
        p.numel() for p in theirs.fc.parameters()
    )
    assert ours.dim == theirs.fc.in_features


@pytest.mark.parametrize(
    ("size", "stem"),
    [
        (28, "small"),
        (32, "small"),
        (48, "small"),
        (49, "strided"),
        (64, "strided"),
        (96, "strided"),
        (128, "strided"),
        (129, "large"),
        (224, "large"),
    ],
)
def test_the_stem_follows_the_size_of_the_views(size: int, stem: str) -> None:
    assert choose_stem(size) == stem
    assert ResNet("resnet_tiny", channels=3, size=size).recipe["stem"] == stem


@pytest.mark.parametrize(("stem", "factor"), [("small", 1), ("strided", 2), ("large", 4)])
def test_a_stem_reads_the_picture_at_its_scale(stem: Stem, factor: int) -> None:
    encoder = ResNet("resnet_tiny", channels=3, size=64, stem=stem)
    assert encoder.stem(torch.zeros(1, 3, 64, 64)).shape[-2:] == (64 // factor, 64 // factor)


@pytest.mark.parametrize("name", ["resnet_tiny", "resnet_small"])
@pytest.mark.parametrize("channels", [1, 4])
def test_any_number_of_channels_and_any_size(name: str, channels: int) -> None:
    encoder = encoders.build(name, channels=channels, size=32).eval()
    assert encoder.dim == ARCHITECTURES[name][2][-1]
    for height, width in ((32, 32), (40, 17)):
        assert encoder(torch.randn(2, channels, height, width)).shape == (2, encoder.dim)


def test_the_recipe_builds_the_same_network_again() -> None:
    encoder = encoders.build("resnet_tiny", channels=2, size=100)
    again = encoders.build(**encoder.recipe)
    again.load_state_dict(encoder.state_dict())
    assert again.recipe == encoder.recipe


def test_an_unknown_encoder_is_answered_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="'resnet81'; did you mean 'resnet18'"):
        encoders.build("resnet81", channels=3, size=32)
    assert {"resnet18", "vit_tiny"} <= set(encoders.names())
