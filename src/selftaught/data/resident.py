"""Pictures of one size that live whole in memory, on whichever device trains."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from jaxtyping import Int32, Int64, UInt8
from torch import Tensor

from selftaught.data.source import Crop, Fetched, Request


class Resident:
    """A source in memory: it answers with whole pictures and leaves the cropping to its reader.

    Args:
        pictures: uint8, or int32 where a pixel has 16 bits.
        labels: -1 where a picture has none; None when no picture has one.
        groups: pictures of one group are never split; None without groups.
        levels: the largest value a pixel may take: 255 or 65535.
        bad: files that were set aside on reading, each with the reason.
    """

    def __init__(
        self,
        pictures: UInt8[Tensor, "n c h w"] | Int32[Tensor, "n c h w"],
        labels: Int64[Tensor, " n"] | None = None,
        groups: Int64[Tensor, " n"] | None = None,
        levels: int = 255,
        bad: Sequence[str] = (),
    ) -> None:
        self.pictures = pictures
        self.labels = labels
        self.groups = groups
        self.levels = levels
        self.channels = pictures.shape[1]
        side = torch.tensor(pictures.shape[2:])
        self.sizes: Tensor = side.expand(len(pictures), 2)
        self._bad = sorted(bad)

    def __len__(self) -> int:
        return len(self.pictures)

    def fetch(self, requests: Iterable[Request], crop: Crop) -> Iterator[Fetched]:
        """Whole pictures [n, c, h, w] for each request, on the device where they live."""
        for request in requests:
            rows = request.index.to(self.pictures.device)
            # Ten times as fast as ``self.pictures[rows]`` where pixels are bytes.
            yield Fetched(request, pictures=self.pictures.index_select(0, rows))

    def subset(self, index: Int64[Tensor, " m"]) -> "Resident":
        """The rows of ``index``, in that order."""
        return Resident(
            self.pictures[index],
            None if self.labels is None else self.labels[index],
            None if self.groups is None else self.groups[index],
            self.levels,
            self._bad,
        )

    @classmethod
    def joined(cls, parts: Sequence["Resident"]) -> "Resident":
        """All pictures of several sources of one size; a part without labels counts as -1."""
        labels = [
            torch.full((len(part),), -1) if part.labels is None else part.labels for part in parts
        ]
        return cls(
            torch.cat([part.pictures for part in parts]),
            torch.cat(labels) if any(part.labels is not None for part in parts) else None,
            None,
            parts[0].levels,
            [reason for part in parts for reason in part.quarantine()],
        )

    def to(self, device: torch.device | str) -> "Resident":
        """The same pictures on another device; what is said of them stays on the CPU, as do requests."""
        pictures = self.pictures.to(device)
        return Resident(pictures, self.labels, self.groups, self.levels, self._bad)

    def quarantine(self) -> list[str]:
        """Files that were set aside on reading, each with the reason, sorted."""
        return list(self._bad)
