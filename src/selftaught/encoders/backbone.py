"""Any image model of timm (Wightman, 2019), https://github.com/huggingface/pytorch-image-models."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.encoders.encoder import Encoder
from selftaught.errors import Refusal, suggest
from selftaught.vision_libraries import import_timm


class Timm(Encoder):
    """``timm:NAME`` without its classifier, from random weights.

    Args:
        name: the model's name after ``timm:``.
        channels: of the pictures.
        size: side of the views in pixels; models with a fixed input are built for it.

    Raises:
        Refusal: timm has no such model, or it cannot be built for this size.
    """

    def __init__(self, name: str, *, channels: int, size: int) -> None:
        super().__init__()
        timm = import_timm()
        if not timm.is_model(name):
            raise Refusal(f"timm has no model '{name}'; {suggest(name, timm.list_models())}")
        settings: dict[str, Any] = {"pretrained": False, "num_classes": 0, "in_chans": channels}
        try:
            self.network = timm.create_model(name, img_size=size, **settings)
        except TypeError:  # convolutional models take any size and do not know the argument
            self.network = timm.create_model(name, **settings)
        self.recipe = {"name": f"timm:{name}", "channels": channels, "size": size}
        with torch.no_grad():
            was = self.network.training
            try:
                probe = self.network.eval()(torch.zeros(1, channels, size, size))
            except (RuntimeError, AssertionError) as error:
                reason = str(error).splitlines()[0]
                raise Refusal(f"timm:{name} cannot read {size} px views: {reason}") from None
            self.network.train(was)
        self.dim = probe.shape[1]

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        features: Tensor = self.network(pictures)
        return features

    def layers(self) -> list[list[nn.Parameter]]:
        """As timm groups its own model for layer-wise rates."""
        return by_depth(self.network)


def by_depth(network: Any) -> list[list[nn.Parameter]]:
    """The parameters of a model of timm in the groups that timm's layer-wise decay takes, first layers first.

    A model that names no groups is one layer.
    """
    if not hasattr(network, "group_matcher"):
        return [list(network.parameters())]
    named = dict(network.named_parameters())
    groups = import_timm().models.group_parameters(network, network.group_matcher(coarse=False))
    found = [[named[name] for name in names] for _, names in sorted(groups.items())]
    missing = named.keys() - {name for names in groups.values() for name in names}
    return [*found[:-1], found[-1] + [named[name] for name in sorted(missing)]]
