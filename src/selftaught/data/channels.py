"""Pictures of one set shown to an encoder that was taught on pictures with other channels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Integer
from torch import Tensor

from selftaught.data.source import Crop, Fetched, Request, Source
from selftaught.errors import Refusal

LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue weigh in a grey picture (ITU-R BT.601), as Pillow and torchvision have it."""


def with_channels(source: Source, channels: int, name: str) -> Source:
    """The same pictures with another number of channels: grey is repeated, colour is weighed to grey.

    Args:
        name: of the set, for the sentence.

    Raises:
        Refusal: it would have to be guessed what the channels mean.
    """
    if source.channels == channels:
        return source
    if source.channels != 1 and (source.channels, channels) != (3, 1):
        raise Refusal(
            f"Pictures of {name} have {source.channels} channels and the encoder was taught on {channels}; "
            "only grey pictures can be shown as colour, and colour as grey."
        )
    return Rechannelled(source, channels)


def convert(pictures: Integer[Tensor, "*n c h w"], channels: int) -> Integer[Tensor, "*n d h w"]:
    """Grey to any number of equal channels, or red, green and blue to grey, rounded to whole levels."""
    if channels == 1:
        weights = torch.tensor(LUMA, device=pictures.device)[:, None, None]
        grey = (pictures.float() * weights).sum(-3, keepdim=True)
        return grey.round().to(pictures.dtype)
    return pictures.expand(*pictures.shape[:-3], channels, -1, -1)


@dataclass(frozen=True)
class ConvertingCrop:
    """A crop of the converted picture; it pickles if the crop does."""

    crop: Crop
    channels: int

    def __call__(self, picture: Tensor, plan: Any, row: int) -> list[Tensor]:
        return self.crop(convert(picture, self.channels), plan, row)


class Rechannelled:
    """A source whose pictures are converted as they are read; see ``with_channels``."""

    def __init__(self, source: Source, channels: int) -> None:
        self._source = source
        self.channels = channels
        self.sizes = source.sizes
        self.levels = source.levels
        self.labels = source.labels
        self.groups = source.groups

    def __len__(self) -> int:
        return len(self._source)

    def fetch(self, requests: Iterable[Request], crop: Crop) -> Iterator[Fetched]:
        """As the source answers."""
        for fetched in self._source.fetch(requests, ConvertingCrop(crop, self.channels)):
            whole = fetched.pictures
            if whole is not None:
                whole = convert(whole, self.channels)
            yield Fetched(fetched.request, pictures=whole, crops=fetched.crops)

    def subset(self, index: Tensor) -> "Rechannelled":
        """The rows of ``index`` [m] int64, in that order."""
        return Rechannelled(self._source.subset(index), self.channels)

    def quarantine(self) -> list[str]:
        """Files that were set aside so far, each with the reason, sorted."""
        return self._source.quarantine()
