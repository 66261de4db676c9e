"""An encoder as one file: its weights as safetensors, and how to build and feed it in the header.

The header's key ``selftaught`` holds JSON: ``format`` (1), ``encoder`` (what ``encoders.build``
takes), ``preprocessing`` (``size``, ``channels``, ``levels``, ``mean``, ``std``) and whatever the
writer adds about the run. Any other program can read the weights; nothing in the file executes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from selftaught.encoders import Encoder, build
from selftaught.encoders.backbone import Timm
from selftaught.encoders.pretrained import find_weights
from selftaught.errors import Refusal
from selftaught.runs import write_atomically

FORMAT = 1
KEY = "selftaught"
NAME = "encoder.safetensors"
"""What the file is called in a run folder."""

PRETRAINED = "pretrained"
"""In the place of a file: the weights that timm publishes."""

KEPT = "encoders"
"""Folder of a run folder with the encoders of its looks."""

PREPROCESSING = ("size", "channels", "levels", "mean", "std")


def write(
    path: Path | str,
    encoder: Encoder,
    *,
    preprocessing: Mapping[str, Any],
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write an encoder; a reader finds the old file or the whole new one, never half of it.

    Args:
        path: of the file; its folder exists.
        preprocessing: ``size`` in pixels, ``channels``, ``levels`` (255 or 65535), and ``mean`` and
            ``std`` per channel of pixels in [0, 1].
        about: further entries of the header, such as the method and the data; JSON can hold them.
    """
    header = {
        **(about or {}),
        "format": FORMAT,
        "encoder": encoder.recipe,
        "preprocessing": {key: preprocessing[key] for key in PREPROCESSING},
    }
    # Contiguous and each on its own: channels-last strides and shared storage are not for files.
    tensors = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in encoder.state_dict().items()
    }
    metadata = {KEY: json.dumps(header, sort_keys=True)}
    write_atomically(Path(path), lambda beside: save_file(tensors, beside, metadata=metadata))


def read(path: Path | str) -> tuple[Encoder, dict[str, Any]]:
    """The encoder, on the CPU in evaluation mode, and the header.

    Args:
        path: of the file, or of a run folder that holds it.

    Raises:
        Refusal: no such file, not a file of this kind, damaged, or of a newer format.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / NAME).exists():
            raise Refusal(
                f"{path} holds no {NAME}: it is no run folder, or its training has not finished; "
                "give a run folder, or the file itself."
            )
        path = path / NAME
    if not path.is_file():
        raise Refusal(f"There is no file {path}; give a run folder or an {NAME}.")
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get(KEY, "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read as safetensors ({error}); is it damaged?") from None
    if not isinstance(header, dict) or not {"format", "encoder", "preprocessing"} <= header.keys():
        raise Refusal(
            f"{path} holds weights, but not how to build the encoder: selftaught did not write it."
        )
    if header["format"] != FORMAT:
        raise Refusal(
            f"{path} is of format {header['format']}, and this version reads format {FORMAT}; "
            "a newer selftaught wrote it, so install that one."
        )
    try:
        encoder = build(**header["encoder"])
        encoder.load_state_dict(tensors)
    except (RuntimeError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Refusal(f"{path} does not hold the encoder that it says it does: {reason}") from None
    return encoder.eval(), header


def kept(path: Path | str) -> tuple[Path, ...]:
    """The encoders of a run's looks, in order, where the path is of the folder that holds them; else none."""
    return tuple(sorted(Path(path).glob("step-*.safetensors")))


def is_ours(path: Path) -> bool:
    """Whether a file has the header that ``write`` writes."""
    try:
        with safe_open(path, framework="pt") as file:
            return KEY in (file.metadata() or {})
    except (SafetensorError, OSError):
        return False


def start_from(encoder: Encoder, path: Path | str) -> None:
    """Give an encoder the weights of an exported one of the same architecture, or published ones of timm's.

    Args:
        path: a run folder or an exported file; for a model of timm's also a state dict of it, or
            ``pretrained`` for the weights that timm publishes, from the caches on this disk.

    Raises:
        Refusal: the file cannot be read, or holds another architecture; published weights are not on this disk,
            or there are none.
    """
    if isinstance(encoder, Timm):
        if path == PRETRAINED:
            encoder.load(find_weights(encoder.model, key="encoder.init"))
            return
        if Path(path).is_file() and not is_ours(Path(path)):
            encoder.load(Path(path))
            return
    elif path == PRETRAINED:
        raise Refusal(
            f"encoder.init={path} is for models of timm's, such as encoder=timm:resnet18.a1_in1k; there are no "
            f"published weights of {encoder.recipe['name']}. Give a run folder instead, or leave it out."
        )
    other, header = read(path)
    try:
        encoder.load_state_dict(other.state_dict())
    except RuntimeError:
        raise Refusal(
            f"encoder.init={path} holds {other.recipe}, and this run builds {encoder.recipe}; "
            "give the same encoder, stem and number of channels."
        ) from None
    fed = header["preprocessing"]
    encoder.normalisation = tuple(fed["mean"]), tuple(fed["std"])
