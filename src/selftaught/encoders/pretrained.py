"""A model that others trained, from a file on this disk; nothing is ever downloaded."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from selftaught.encoders.backbone import by_depth, check_whole, reading
from selftaught.encoders.encoder import Encoder
from selftaught.errors import Refusal, suggest
from selftaught.vision_libraries import import_timm

HUB_FILES = ("model.safetensors", "pytorch_model.bin")
"""What the Hugging Face hub calls a model's weights."""


def published(model: str) -> Any:
    """What timm says of a model's weights: where they are, their input size, mean and deviation.

    Raises:
        Refusal: timm has no such model, or no weights for it.
    """
    timm = import_timm()
    if not timm.is_model(model.partition(".")[0]):
        raise Refusal(f"timm has no model '{model}'; {suggest(model, timm.list_models())}")
    known = timm.list_pretrained()
    try:
        cfg = timm.get_pretrained_cfg(model)
    except RuntimeError:  # a tag that timm does not know
        cfg = None
    if cfg is None or not (cfg.hf_hub_id or cfg.url):
        raise Refusal(f"timm knows no weights for '{model}'; {suggest(model, known)}")
    return cfg


def find_weights(model: str, file: str = "", *, key: str = "file") -> Path:
    """The file with a model's weights: the one that is given, else from the caches on this disk.

    Args:
        key: where the user would give a file.

    Raises:
        Refusal: it is not there; the sentence says what was expected where.
    """
    cfg = published(model)
    if file:
        if not Path(file).is_file():
            raise Refusal(
                f"pretrained: there is no file {file}; give file=PATH of a state dict of timm's {model} "
                "(.safetensors or .pth)."
            )
        return Path(file)
    from huggingface_hub import constants, try_to_load_from_cache

    looked = []
    if cfg.hf_hub_id:
        repository, _, revision = cfg.hf_hub_id.partition("@")
        names = (cfg.hf_hub_filename,) if cfg.hf_hub_filename else HUB_FILES
        for name in names:
            found = try_to_load_from_cache(repository, name, revision=revision or None)
            if isinstance(found, str):
                return Path(found)
        looked.append(f"{repository} ({' or '.join(names)}) in {constants.HF_HUB_CACHE}")
    if cfg.url:
        kept: Path = Path(torch.hub.get_dir()) / "checkpoints" / cfg.url.rsplit("/", 1)[-1]
        if kept.is_file():
            return kept
        looked.append(str(kept))
    raise Refusal(
        f"pretrained: the weights of {model} are not on this disk, and nothing is downloaded. Expected: "
        f"{', or '.join(looked)}. Fetch them where there is a network, or give {key}=PATH."
    )


class Pretrained(Encoder):
    """A model of timm, fed as its authors fed it: resized to its size, with its mean and deviation.

    Args:
        channels: of the pictures, 3 or 1 (then repeated).
        size: side of the pictures, in pixels.
        model: timm's name, with or without a tag: ``resnet18``, ``resnet18.a1_in1k``.
        mean, std: with which the pictures that come are normalised; it is undone.

    Raises:
        Refusal: no such model, or other channels.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self, *, channels: int, size: int, model: str, mean: list[float], std: list[float]
    ) -> None:
        super().__init__()
        if channels not in (1, 3):
            raise Refusal(f"pretrained models see 3 channels (or 1, repeated), not {channels}.")
        cfg = published(model)
        self.recipe = {
            "name": "pretrained",
            "channels": channels,
            "size": size,
            "model": model,
            "mean": list(mean),
            "std": list(std),
        }
        self.network = import_timm().create_model(model, pretrained=False, num_classes=0)
        self.side = cfg.input_size[-1]
        theirs = torch.tensor([cfg.mean, cfg.std], dtype=torch.float64)[:, :, None, None]
        ours = torch.tensor([list(mean), list(std)], dtype=torch.float64)[:, :, None, None]
        # (x std + mean - their mean) / their std; both follow from the recipe, so no file holds them.
        self.register_buffer("scale", (ours[1] / theirs[1]).float(), persistent=False)
        shift = ((ours[0] - theirs[0]) / theirs[1]).float()
        self.register_buffer("shift", shift, persistent=False)
        with torch.no_grad():
            self.network.eval()
            self.dim = self.network(torch.zeros(1, 3, self.side, self.side)).shape[1]

    def load(self, path: Path) -> None:
        """Take the weights from a file; a classifier in it is left out.

        Raises:
            Refusal: the file cannot be read without executing it, or holds another model.
        """
        model = self.recipe["model"]
        with reading(path, model) as weights:
            missing = self.network.load_state_dict(weights, strict=False).missing_keys
        check_whole(path, model, missing, "give pretrained's model= and file= together")

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        x = pictures.float()
        if x.shape[-2:] != (self.side, self.side):
            x = F.interpolate(x, (self.side, self.side), mode="bicubic", antialias=True)
        features: Tensor = self.network(x * self.scale + self.shift)  # one channel becomes three
        return features

    def layers(self) -> list[list[nn.Parameter]]:
        """As timm groups its own model for layer-wise rates."""
        return by_depth(self.network)
