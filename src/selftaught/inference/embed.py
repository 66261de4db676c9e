"""Load an exported encoder and turn pictures into features."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from selftaught.encoders import Encoder, files
from selftaught.errors import Refusal
from selftaught.inference.pictures import BYTE, WORD, integers, pictures_in, read
from selftaught.views.engine import Views

Pictures = Path | str | Sequence[Any] | NDArray[Any] | Tensor


@dataclass(frozen=True)
class Embedder:
    """A trained encoder with the preprocessing that it was trained with.

    Attributes:
        encoder: in evaluation mode, on ``device``.
        about: the header of its file: ``encoder``, ``preprocessing``, and what its writer added.
        device: where it works.
    """

    encoder: Encoder
    about: dict[str, Any]
    device: torch.device

    @property
    def dim(self) -> int:
        """How many numbers a feature has."""
        return self.encoder.dim

    def embed(
        self, pictures: Pictures, *, batch: int = 256, aside: dict[str, str] | None = None
    ) -> NDArray[np.float32]:
        """Features of pictures, in the order given.

        Each picture is cut to the centred square of its short side and resized to the encoder's
        size. Grey pictures are widened for an encoder of colour pictures.

        Args:
            pictures: a folder (its files sorted by path, as ``pictures_in`` gives them), a picture
                file, a list of paths or of Pillow pictures, an array [n, h, w, c] of uint8 or
                uint16, or a tensor [n, c, h, w] of uint8, uint16, or int32 with values up to 65535.
            batch: pictures encoded at once.
            aside: where it is given, files that cannot be read are left out, and put there with the reason.

        Returns:
            [n, d] float32.

        Raises:
            Refusal: a picture cannot be read, or is not what the encoder can take.
        """
        with torch.inference_mode():
            blocks = [
                self.encoder(ready).float().cpu() for ready in self._ready(pictures, batch, aside)
            ]
        if not blocks:
            return np.zeros((0, self.dim), np.float32)
        features: NDArray[np.float32] = torch.cat(blocks).numpy()
        return features

    def _ready(
        self, pictures: Pictures, batch: int, aside: dict[str, str] | None
    ) -> Iterator[Tensor]:
        """Normalised float32 batches [b, c, s, s] on the device."""
        if isinstance(pictures, np.ndarray | Tensor):
            whole, levels = _checked(pictures)
            whole = self._widened(
                whole, "The array" if isinstance(pictures, np.ndarray) else "The tensor"
            )
            views = self._views(levels)
            for block in torch.split(whole, batch) if len(whole) else ():
                sizes = torch.tensor([whole.shape[-2:]] * len(block), device=self.device)
                yield views.apply(block.to(self.device), views.plan(None, sizes))[0]
            return
        if isinstance(pictures, str | Path):
            pictures = pictures_in(pictures) if Path(pictures).is_dir() else [pictures]
        for start in range(0, len(pictures), batch):
            ready = self._cropped(pictures[start : start + batch], start, aside)
            if ready is not None:
                yield ready

    def _cropped(
        self, pictures: Sequence[Any], start: int, aside: dict[str, str] | None
    ) -> Tensor | None:
        """A batch of pictures of any sizes; the first is number ``start`` of all."""
        sizes, crops = [], []
        for place, given in enumerate(pictures, start):
            if isinstance(given, Image.Image):
                (picture, levels), name = integers(given), f"Picture {place}"
            elif isinstance(given, str | Path):
                try:
                    (picture, levels), name = read(given), str(given)
                except Refusal as error:
                    if aside is None:
                        raise
                    aside[str(given)] = str(error)
                    continue
            else:
                raise Refusal(
                    f"Picture {place} is of type {type(given).__name__}; a list may hold paths and "
                    "Pillow pictures; give many arrays as one, [n, h, w, c]."
                )
            picture = self._widened(picture[None], name)[0]
            sizes.append(torch.tensor([picture.shape[-2:]]))
            views = self._views(levels)
            crops.append(views.crop(picture, views.plan(None, sizes[-1]), 0)[0])
        if not crops:
            return None
        plan = views.plan(None, torch.cat(sizes).to(self.device))
        return views.apply([torch.stack(crops).to(self.device)], plan)[0]

    def _views(self, levels: int) -> Views:
        wanted = self.about["preprocessing"]
        return Views.clean(
            size=wanted["size"],
            channels=wanted["channels"],
            levels=levels,
            mean=tuple(wanted["mean"]),
            std=tuple(wanted["std"]),
        )

    def _widened(self, pictures: Tensor, name: str) -> Tensor:
        """[n, c, h, w] with as many channels as the encoder takes."""
        wanted, given = self.about["preprocessing"]["channels"], pictures.shape[1]
        if given == 1:
            return pictures.expand(-1, wanted, -1, -1)
        if given != wanted:
            raise Refusal(
                f"{name} has {given} channels, and the encoder learnt from pictures of {wanted}; "
                "expected arrays are [n, h, w, c], tensors [n, c, h, w]."
            )
        return pictures


def load(path: Path | str, *, device: torch.device | str = "cpu") -> Embedder:
    """The encoder of a run.

    Args:
        path: of a run folder, or of its ``encoder.safetensors`` wherever it was copied.

    Raises:
        Refusal: there is none, or the file is damaged or foreign.
    """
    encoder, about = files.read(path)
    return Embedder(encoder.to(device).eval(), about, torch.device(device))


def _checked(pictures: NDArray[Any] | Tensor) -> tuple[Tensor, int]:
    """[n, c, h, w] uint8 or int32, and the largest value that a pixel may take."""
    kind = str(pictures.dtype).removeprefix("torch.")
    allowed = (
        ("uint8", "uint16") if isinstance(pictures, np.ndarray) else ("uint8", "uint16", "int32")
    )
    if kind not in allowed:
        raise Refusal(
            f"The pictures are {kind}; expected whole pixels, {' or '.join(allowed)}, as they come "
            "from a file, neither scaled nor normalised."
        )
    if pictures.ndim != 4:
        layout = "[n, h, w, c]" if isinstance(pictures, np.ndarray) else "[n, c, h, w]"
        raise Refusal(f"The pictures have shape {list(pictures.shape)}; expected {layout}.")
    levels = BYTE if kind == "uint8" else WORD
    if isinstance(pictures, np.ndarray):
        whole = pictures if levels == BYTE else pictures.astype(np.int32)
        return torch.from_numpy(np.ascontiguousarray(whole.transpose(0, 3, 1, 2))), levels
    if (
        kind == "int32"
        and len(pictures)
        and not 0 <= int(pictures.min()) <= int(pictures.max()) <= WORD
    ):
        raise Refusal(
            f"Pixels run from {int(pictures.min())} to {int(pictures.max())}; expected 0 to {WORD}."
        )
    return pictures if levels == BYTE else pictures.to(torch.int32), levels
