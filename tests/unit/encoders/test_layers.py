"""Parameters by depth: each stands in one layer, and layers are in the order in which pictures pass them."""

import pytest
import torch
from timm.optim import param_groups_layer_decay

from selftaught import encoders
from selftaught.encoders.backbone import Timm

OURS = ["resnet_tiny", "resnet50", "vit_micro"]
THEIRS = ["timm:resnet18", "timm:vit_tiny_patch16_224", "timm:convnext_atto"]


def built(name: str) -> encoders.Encoder:
    return encoders.build(name, channels=3, size=32)


@pytest.mark.parametrize("name", [*OURS, *THEIRS])
def test_every_parameter_stands_in_one_layer(name: str) -> None:
    encoder = built(name)
    found = [id(p) for layer in encoder.layers() for p in layer]
    assert sorted(found) == sorted(id(p) for p in encoder.parameters())


@pytest.mark.parametrize(
    ("name", "count"), [("resnet_tiny", 5), ("resnet50", 17), ("vit_micro", 7)]
)
def test_a_layer_is_the_beginning_or_a_block(name: str, count: int) -> None:
    encoder = built(name)
    layers = encoder.layers()
    assert len(layers) == count
    names = {id(p): n for n, p in encoder.named_parameters()}
    blocks = ["stages", "blocks"]
    for number, layer in enumerate(layers[1:]):
        owners = {".".join(names[id(p)].split(".")[:2]) for p in layer}
        owners -= {"norm.weight", "norm.bias"} if number == len(layers) - 2 else set()
        assert len(owners) == 1
        owner, place = owners.pop().split(".")
        assert owner in blocks
        assert int(place) == number
    assert not {names[id(p)].split(".")[0] for p in layers[0]} & set(blocks)


@pytest.mark.parametrize("name", THEIRS)
def test_timms_models_are_grouped_as_by_timms_own_layer_decay(name: str) -> None:
    encoder = built(name)
    assert isinstance(encoder, Timm)
    scales = {}
    for group in param_groups_layer_decay(encoder.network, layer_decay=0.5):
        scales |= {id(p): group["lr_scale"] for p in group["params"]}
    ours = [{scales[id(p)] for p in layer} for layer in encoder.layers()]
    assert all(len(scale) == 1 for scale in ours)
    order = [scale.pop() for scale in ours]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_what_does_not_train_has_no_layers() -> None:
    pixels = encoders.build("pixels", channels=3, size=4)
    assert pixels.layers() == []
    assert pixels(torch.zeros(1, 3, 4, 4)).shape == (1, 48)
