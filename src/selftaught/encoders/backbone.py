"""Any image model of timm (Wightman, 2019), https://github.com/huggingface/pytorch-image-models."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.encoders.encoder import Encoder
from selftaught.errors import Refusal, suggest
from selftaught.vision_libraries import import_timm


class Timm(Encoder):
    """``timm:NAME`` without its classifier, from random weights until ``load`` takes others.

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
        self.recipe = {"name": f"timm:{name}", "channels": channels, "size": size}
        try:
            self.network = self._made()
        except RuntimeError as error:  # a tag that timm does not know
            reason = str(error).splitlines()[0].rstrip(".")
            raise Refusal(
                f"timm cannot build '{name}': {reason}; {suggest(name, timm.list_pretrained())}"
            ) from None
        with torch.no_grad():
            was = self.network.training
            try:
                probe = self.network.eval()(torch.zeros(1, channels, size, size))
            except (RuntimeError, AssertionError) as error:
                reason = str(error).splitlines()[0]
                raise Refusal(f"timm:{name} cannot read {size} px views: {reason}") from None
            self.network.train(was)
        self.dim = probe.shape[1]

    def patch_projection(self) -> nn.Module | None:
        """What timm calls ``patch_embed``, in its ViTs and their kin."""
        found = getattr(self.network, "patch_embed", None)
        return found if isinstance(found, nn.Module) else None

    @property
    def model(self) -> str:
        """timm's name."""
        return str(self.recipe["name"]).removeprefix("timm:")

    def _made(self, **weights: Any) -> Any:
        """timm's model without its classifier, for the recipe's channels and size."""
        name, create = self.model, import_timm().create_model
        settings = {"pretrained": False, "num_classes": 0, "in_chans": self.recipe["channels"]}
        settings |= weights
        try:
            return create(name, img_size=self.recipe["size"], **settings)
        except TypeError:  # convolutional models take any size and do not know the argument
            return create(name, **settings)

    def load(self, path: Path) -> None:
        """Take published weights from a file; timm fits them to other channels and sizes.

        A classifier in it is left out. Pictures of three channels are normalised from then on as these
        weights' authors did.

        Raises:
            Refusal: the file cannot be read without executing it, or holds another model.
        """
        with reading(path, self.model) as weights, torch.random.fork_rng(devices=[]), silence():
            found, other = (self._filled(weights, shift) for shift in (0, 1))
        # timm says of nothing that it was missing. What other weights would not have changed came from no file.
        unmoved = other.state_dict()
        missing = [
            name
            for name, value in found.state_dict().items()
            if value.is_floating_point() and torch.equal(value, unmoved[name])
        ]
        check_whole(path, self.model, missing, f"give a state dict of timm's {self.model}")
        self.network = found
        if self.recipe["channels"] == 3:
            cfg = self.network.pretrained_cfg
            self.normalisation = tuple(cfg["mean"]), tuple(cfg["std"])

    def _filled(self, weights: dict[str, Any], shift: int) -> Any:
        """timm's model with these weights, each number larger by ``shift``."""
        moved = {
            name: value + shift
            if isinstance(value, Tensor) and value.is_floating_point()
            else value
            for name, value in weights.items()
        }
        torch.default_generator.manual_seed(0)  # what is in no file is the same each time
        given = {"state_dict": moved, "custom_load": False}
        network = self._made(pretrained=True, pretrained_cfg_overlay=given)
        # timm keeps what it was given, and every copy of the network would have a copy of it.
        kept = {key: value for key, value in network.pretrained_cfg.items() if key not in given}
        network.pretrained_cfg = network.default_cfg = kept
        return network

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        features: Tensor = self.network(pictures)
        return features

    def layers(self) -> list[list[nn.Parameter]]:
        """As timm groups its own model for layer-wise rates."""
        return by_depth(self.network)


@contextmanager
def reading(path: Path, model: str) -> Iterator[dict[str, Any]]:
    """The weights in a file, for whoever puts them into a model of timm's.

    Raises:
        Refusal: the file cannot be read without executing it, or what is done with its weights fails.
    """
    try:
        yield import_timm().models.load_state_dict(str(path), device="cpu", weights_only=True)
    except Exception as error:  # torch, pickle, safetensors and zip each have their own kinds
        reason = " ".join(str(error).split())[:160]
        raise Refusal(
            f"{path} cannot be loaded as weights of {model}: {reason}; give a state dict of timm's "
            f"{model}, as .safetensors or .pth."
        ) from None


def check_whole(path: Path, model: str, missing: list[str], remedy: str) -> None:
    """Refuse a file that lacks some of a model's weights.

    Raises:
        Refusal: something is missing.
    """
    if missing:
        raise Refusal(
            f"{path} does not hold {model}: it lacks {', '.join(missing[:3])}"
            f"{' ...' if len(missing) > 3 else ''}; {remedy}."
        )


@contextmanager
def silence() -> Iterator[None]:
    """No warnings of timm's, which come with a list of all names before our one sentence."""
    logger = logging.getLogger("timm")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


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
