"""Ten silhouettes in random colours: a set that the program draws, equal in bits on every platform.

A picture is 32x32 colour. One silhouette lies on a ground that shades from one colour to a near
one; both colours, the place, the size and a turn of up to 30 degrees either way are drawn per
picture and do not depend on the class, and all silhouettes of one size cover the same area. So
colour, position and brightness tell nothing, neighbours in raw pixels little, the outline all.

All arithmetic is on whole numbers: outlines are inequalities on a grid, rotations are rational, and
edges are smoothed by counting 4x4 points in each pixel. ``FROZEN`` is a hash of every byte.
"""

import contextlib
import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Bool, Int64, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from selftaught.config import Data
from selftaught.data.division import divide_public
from selftaught.data.resident import Resident
from selftaught.data.roots import data_root
from selftaught.data.source import Splits
from selftaught.data.statistics import mean_and_std
from selftaught.keys import Keys
from selftaught.runs import write_atomically

SIDE = 32
TRAIN = 5000
TEST = 2000
SEED = 20251

FROZEN = "9ea941977b6118197e7d9fc43568da16de23ad91d355a966eee32893ce88c6b5"
"""SHA-256 of all pictures and then all labels."""

GRID = 256
"""Outlines are drawn on GRID x GRID cells, whose centres are the odd numbers from -255 to 255."""

POINTS = 4
"""Points along a pixel's side; places are counted in half points, eighths of a pixel."""

CHUNK = 250
"""Pictures drawn at once: the points of so many stay in the processor's cache and out of memory."""

Outline = Callable[[Tensor, Tensor], Tensor]


def disc(x: Tensor, y: Tensor, radius: int = 150) -> Tensor:
    return x * x + y * y < radius * radius


def ring(x: Tensor, y: Tensor) -> Tensor:
    return disc(x, y, 180) & ~disc(x, y, 108)


def crescent(x: Tensor, y: Tensor) -> Tensor:
    return disc(x, y, 200) & ~disc(x - 90, y, 165)


def heart(x: Tensor, y: Tensor) -> Tensor:
    """The curve (x² + y² - 1)³ = x² y³, with y upwards and 145 for 1."""
    return (x * x + y * y - 145**2) ** 3 < -145 * x * x * y**3


def cross(x: Tensor, y: Tensor) -> Tensor:
    wide, narrow = 190, 62
    upright = (x.abs() < narrow) & (y.abs() < wide)
    return upright | ((x.abs() < wide) & (y.abs() < narrow))


def polygon(*corners: tuple[int, int]) -> Outline:
    """What a closed line encloses: a ray to the right crosses it an odd number of times."""

    def inside(x: Tensor, y: Tensor) -> Tensor:
        odd = torch.zeros_like(x, dtype=torch.bool)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            odd ^= ((y < ay) != (y < by)) & ((side < 0) if by > ay else (side > 0))
        return odd

    return inside


OUTLINES: dict[str, Outline] = {
    "arrow": polygon(
        (0, -210), (160, -40), (64, -40), (64, 190), (-64, 190), (-64, -40), (-160, -40)
    ),
    "crescent": crescent,
    "cross": cross,
    "disc": disc,
    "heart": heart,
    "hourglass": polygon((-150, -190), (150, -190), (24, 0), (150, 190), (-150, 190), (-24, 0)),
    "ring": ring,
    "square": polygon((-140, -140), (140, -140), (140, 140), (-140, 140)),
    "star": polygon(
        (0, -230), (55, -76), (219, -71), (90, 29), (135, 186),
        (0, 94), (-135, 186), (-90, 29), (-219, -71), (-55, -76),
    ),
    "triangle": polygon((0, -200), (173, 100), (-173, 100)),
}  # fmt: skip

CLASSES = tuple(OUTLINES)


def masters() -> Bool[Tensor, "10 256 256"]:
    """Each outline on the grid; the outermost cells are empty."""
    ticks = torch.arange(GRID) * 2 + 1 - GRID
    y, x = torch.meshgrid(ticks, ticks, indexing="ij")
    return torch.stack([outline(x, y) for outline in OUTLINES.values()])


def between(low: int, high: int, word: Int64[Tensor, "*s"]) -> Int64[Tensor, "*s"]:
    """A whole number from ``low`` to ``high``, both included, from a word below 2**32."""
    return low + ((word * (high - low + 1)) >> 32)


def colours(word: Int64[Tensor, "*s"]) -> Int64[Tensor, "*s 3"]:
    """Three bytes of a word."""
    return torch.stack([word & 255, (word >> 8) & 255, (word >> 16) & 255], dim=-1)


def luminance(colour: Int64[Tensor, "*s 3"]) -> Int64[Tensor, "*s"]:
    """ITU-R BT.601, in 256ths."""
    return (colour * torch.tensor([77, 150, 29])).sum(-1) >> 8


def paints(keys: Keys) -> tuple[Int64[Tensor, "n 3"], Int64[Tensor, "n 3"]]:
    """Colours of ground and silhouette, apart in luminance: they must differ in grey, too."""
    ground = colours(keys.bits("ground"))
    candidates = colours(keys.bits("silhouette", 16))
    enough = (luminance(candidates) - luminance(ground)).abs() >= 64
    first = enough.to(torch.uint8).argmax(dim=1)
    return ground[:, 0], candidates[torch.arange(len(first)), first]


def coverage(keys: Keys, labels: Int64[Tensor, " n"], cells: Bool[Tensor, "10 256 256"]) -> Tensor:
    """How many of each pixel's 16 points lie in the silhouette: [n, 32, 32] int64.

    Each point is carried back into the grid: moved, turned by the rational rotation whose tangent
    of the half angle is t/256 (30 degrees: 68.6), and scaled so that all outlines have one area
    and their centroid at the place that was drawn.
    """
    words = keys.bits("place", 4)
    reach = 20  # 2.5 pixels
    right, down = between(-reach, reach, words[:, 0]), between(-reach, reach, words[:, 1])
    t = between(-68, 68, words[:, 2])
    size = between(176, 208, words[:, 3])  # root of the area, in 16ths of a pixel

    area = cells.flatten(1).sum(1)
    ticks = torch.arange(GRID) * 2 + 1 - GRID
    middle_x = ((cells.sum(1) * ticks).sum(1) // area)[labels]
    middle_y = ((cells.sum(2) * ticks).sum(1) // area)[labels]
    # In 256ths of a cell.
    root = torch.tensor([math.isqrt(a << 16) for a in area.tolist()])[labels]

    # Half cells per eighth of a pixel, in 2**16ths: (2 root / 256) / (8 size / 16).
    scale = root * 1024 // size
    cosine = (65536 - t * t) * scale // (65536 + t * t)
    sine = 512 * t * scale // (65536 + t * t)

    places = torch.arange(SIDE * POINTS) * 2 + 1 - SIDE * POINTS
    x, y = places - right[:, None], places - down[:, None]

    def cell(along: Tensor, across: Tensor, middle: Tensor) -> Tensor:
        """Grid index of every point, from what its column and its row contribute."""
        column = (along + ((middle[:, None] + GRID) << 16)).to(torch.int32)[:, None, :]
        return ((column + across.to(torch.int32)[:, :, None]) >> 17).clamp_(0, GRID - 1)

    row = cell(-sine[:, None] * x, cosine[:, None] * y, middle_y)
    column = cell(cosine[:, None] * x, sine[:, None] * y, middle_x)
    flat = (row * GRID + column).add_(labels[:, None, None].to(torch.int32) * GRID * GRID)
    hit = cells.flatten().to(torch.uint8).index_select(0, flat.flatten())
    rows = _sum(hit.reshape(len(labels), SIDE, POINTS, SIDE * POINTS), dim=2)
    return _sum(rows.reshape(len(labels), SIDE, SIDE, POINTS), dim=3).long()


def _sum(small: UInt8[Tensor, "*s"], dim: int) -> UInt8[Tensor, "*t"]:
    """A sum of a few bytes that stays a byte: torch's own is made for long ones."""
    return sum(small.unbind(dim)[1:], start=small.select(dim, 0))


def draw(indices: Int64[Tensor, " n"]) -> tuple[UInt8[Tensor, "n 3 32 32"], Int64[Tensor, " n"]]:
    """The pictures of these numbers, and their labels (a number's last digit)."""
    cells = masters()
    labels = indices % len(CLASSES)
    chunks = [
        paint(Keys(SEED, 0, i), label, cells)
        for i, label in zip(torch.split(indices, CHUNK), torch.split(labels, CHUNK), strict=True)
    ]
    return torch.cat(chunks), labels


def paint(
    keys: Keys, labels: Int64[Tensor, " n"], cells: Bool[Tensor, "10 256 256"]
) -> UInt8[Tensor, "n 3 32 32"]:
    """Silhouettes on their grounds."""
    covered = coverage(keys, labels, cells)[:, None]
    ground, silhouette = paints(keys)
    slopes = between(-2, 2, keys.bits("shade", 6)).reshape(-1, 3, 2)  # levels per two pixels
    ticks = torch.arange(SIDE) * 2 + 1 - SIDE
    across, down = slopes[..., :1] * ticks, slopes[..., 1:] * ticks
    shade = (across[:, :, None, :] + down[:, :, :, None]) >> 2
    behind = (ground[:, :, None, None] + shade).clamp(0, 255)
    clean = (behind * (16 - covered) + silhouette[:, :, None, None] * covered + 8) >> 4

    words = keys.bits("grain", 3 * SIDE * SIDE // 4)
    bytes_ = torch.stack([(words >> shift) & 255 for shift in (0, 8, 16, 24)], dim=-1)
    grain = (bytes_.reshape(clean.shape) >> 4) - 8
    return (clean + grain).clamp(0, 255).to(torch.uint8)


def digest(pictures: UInt8[Tensor, "n 3 32 32"], labels: Int64[Tensor, " n"]) -> str:
    """SHA-256 of their bytes, the labels' as little-endian words of eight."""
    found = hashlib.sha256(pictures.contiguous().numpy().data)
    found.update(labels.numpy().astype("<i8").data)
    return found.hexdigest()


def drawn_once(root: Path) -> tuple[UInt8[Tensor, "n 3 32 32"], Int64[Tensor, " n"]]:
    """All pictures and labels. Drawing takes seconds, so they are kept below ``root``.

    A copy that is not ``FROZEN`` to the last bit is drawn anew; where none can be written, each time.
    """
    file = root / f"shapes-{FROZEN[:12]}.safetensors"
    with contextlib.suppress(OSError, SafetensorError, KeyError):
        kept = load_file(file)
        if digest(kept["pictures"], kept["labels"]) == FROZEN:
            return kept["pictures"], kept["labels"]
    pictures, labels = draw(torch.arange(TRAIN + TEST))
    if digest(pictures, labels) == FROZEN:
        with contextlib.suppress(OSError, SafetensorError):
            tensors = {"pictures": pictures, "labels": labels}
            write_atomically(file, lambda beside: save_file(tensors, beside))
    return pictures, labels


def open_shapes(config: Data) -> Splits:
    """5,000 pictures to train and validate on, 2,000 to test on; ten classes of equal number."""
    pictures, labels = drawn_once(data_root(config.root))
    everything = Resident(pictures[:TRAIN], labels[:TRAIN])
    train, validation = divide_public(everything, config.take, config.validation)
    mean, std = mean_and_std(train)
    return Splits(
        name=config.name,
        train=train,
        validation=validation,
        test=Resident(pictures[TRAIN:], labels[TRAIN:]),
        classes=CLASSES,
        size=SIDE,
        mean=mean,
        std=std,
        preset="shapes",
    )
