"""Two SimCLR views of pictures on one core: ours beside pipelines of Pillow, in turns (A B A B).

``python benchmarks/speed.py views`` calls it. Pillow's pipeline is the one of Lightly's ``SimCLRTransform``,
crops resized bicubically as ours are; Lightly's own, bilinear, stands beside it where it is installed. Ours
goes through the data set and the views engine that training uses. Seconds are those of this process's own
work, so that another program on the machine takes nothing from them but the cache.

The pictures are drawn: noise whose amplitude falls with its frequency as in photographs, 500 x 375 and
about 125 kB as JPEG. ``--pictures DIR`` takes a folder of yours.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter

from selftaught.data import Request
from selftaught.data.files import ENDINGS, Files, Kind, headers
from selftaught.data.resident import Resident
from selftaught.data.streamed import Streamed
from selftaught.keys import Keys
from selftaught.runs import environment
from selftaught.views.engine import Views
from selftaught.views.presets import SIMCLR
from selftaught.vision_libraries import import_torchvision

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FILES = 48
SMALL, LARGE = 256, 32
"""Pictures of a turn, at 32 and at 224 pixels."""
SECONDS = 40.0
RGB = Kind(3, 255)

Turn = Callable[[], int]
"""Does a part of the work and says how many pictures that were."""


def natural(n: int, height: int, width: int) -> np.ndarray:
    """Uint8 pictures [n, h, w, 3] with the spectrum of photographs: amplitudes fall with frequency."""
    random = np.random.default_rng(0)
    rows = np.fft.fftfreq(height)[:, None] * height
    columns = np.fft.rfftfreq(width)[None] * width
    fall = 1 / np.maximum(np.hypot(rows, columns), 1)
    pictures = np.empty((n, height, width, 3), np.uint8)
    for picture in pictures:
        noise = random.normal(size=(3, height, width))
        noise[1:] = (
            0.8 * noise[0] + 0.6 * noise[1:]
        )  # channels go together, as those of photographs do
        smooth = np.fft.irfft2(np.fft.rfft2(noise) * fall, (height, width))
        smooth /= smooth.std()
        picture[:] = (120 + 55 * smooth).clip(0, 255).transpose(1, 2, 0)
    return pictures


def engine(size: int, blur: float) -> Views:
    law = replace(SIMCLR, blur=blur)
    return Views((law, law), size=size, channels=3, levels=255, mean=MEAN, std=STD)


def pillow(size: int, blur: float) -> Callable[[Image.Image], torch.Tensor]:
    """One view, as ``lightly.transforms.SimCLRTransform`` (1.6) makes it, but resized bicubically."""
    T = import_torchvision().transforms
    bicubic = T.InterpolationMode.BICUBIC
    random = np.random.default_rng(0)

    def blurred(picture: Image.Image) -> Image.Image:
        if random.random() >= blur:
            return picture
        return picture.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))

    return T.Compose(
        [
            T.RandomResizedCrop(size, scale=(0.08, 1.0), interpolation=bicubic),
            T.RandomHorizontalFlip(),
            T.RandomApply([T.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
            T.RandomGrayscale(0.2),
            blurred,
            T.ToTensor(),
            T.Normalize(MEAN, STD),
        ]
    )


def lightly(size: int, blur: float) -> Callable[[Image.Image], torch.Tensor] | None:
    try:
        from lightly.transforms.simclr_transform import SimCLRViewTransform
    except ImportError:
        return None
    return SimCLRViewTransform(input_size=size, gaussian_blur=blur)


def ours_in_memory(pictures: np.ndarray, blur: float) -> Turn:
    n, size = len(pictures), pictures.shape[1]
    source = Resident(torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous())
    views, steps = engine(size, blur), count()

    def turn() -> int:
        step = next(steps)
        index = torch.randperm(n, generator=torch.Generator().manual_seed(step))[:SMALL]
        plan = views.plan(Keys(0, step, torch.arange(SMALL)), source.sizes[index])
        (fetched,) = source.fetch([Request(index, plan)], views.crop)
        views.apply(fetched.given, plan)
        return SMALL

    return turn


def ours_from_files(folder: Path, names: Sequence[str], size: int, whole: bool) -> Turn:
    """As training reads a folder; not ``whole`` leaves colour and blur to a GPU."""
    sides = [(h.height, h.width) for h in headers(str(folder), names).values()]
    source = Streamed(Files(str(folder), tuple(names), RGB), torch.tensor(sides), RGB, workers=0)
    views, steps = engine(size, SIMCLR.blur), count()

    def turn() -> int:
        step = next(steps)
        index = torch.arange(step * LARGE, (step + 1) * LARGE) % len(names)
        plan = views.plan(Keys(0, step, torch.arange(LARGE)), source.sizes[index])
        (fetched,) = source.fetch([Request(index, plan)], views.crop)
        if whole:
            views.apply(fetched.given, plan)
        return LARGE

    return turn


def theirs(
    view: Callable[[Image.Image], torch.Tensor], opened: Sequence[Callable[[], Image.Image]]
) -> Turn:
    """Two views of a picture at a time, stacked into a batch, as a loader's worker makes them."""
    places = count()

    def turn() -> int:
        batch = []
        for _ in range(LARGE):
            picture = opened[next(places) % len(opened)]()
            batch.append((view(picture), view(picture)))
        [torch.stack(each) for each in zip(*batch, strict=True)]
        return LARGE

    return turn


def decoded(folder: Path, name: str) -> Image.Image:
    with Image.open(folder / name) as picture:
        return picture.convert("RGB")


def in_turns(turns: dict[str, Turn], seconds: float) -> dict[str, list[float]]:
    """Seconds a picture of each, turn after turn."""
    for turn in turns.values():
        turn()
    found: dict[str, list[float]] = {name: [] for name in turns}
    start = time.process_time()
    while len(found["ours"]) < 5 or time.process_time() - start < seconds:
        for name, turn in turns.items():
            began = time.process_time()
            pictures = turn()
            found[name].append((time.process_time() - began) / pictures)
    return found


def row(
    what: str, size: int, blur: float, turns: dict[str, Turn], seconds: float
) -> dict[str, Any]:
    """What was found of ours, and how many times as fast it is as each peer."""
    found = in_turns({name: turn for name, turn in turns.items() if turn}, seconds)
    beside = [
        {
            "peer": peer,
            "pictures_per_second": 1 / statistics.median(taken),
            "times_faster": statistics.median(ratios),
            "times_faster_range": [min(ratios), max(ratios)],
        }
        for peer, taken in found.items()
        if peer != "ours"
        for ratios in [[b / a for a, b in zip(found["ours"], taken, strict=True)]]
    ]
    line = {"what": what, "size": size, "blur": blur, "turns": len(found["ours"])}
    line |= {"pictures_per_second": 1 / statistics.median(found["ours"])}
    line |= {"ratio": beside[0]["times_faster"], "against": beside}
    print(
        f"{what}, {size} px, blur {blur:g}: {line['pictures_per_second']:,.0f} pictures/s; "
        + ", ".join(f"{p['times_faster']:.2f} times {p['peer']}" for p in beside),
        file=sys.stderr,
    )
    return line


def peers(size: int, blur: float, opened: Sequence[Callable[[], Image.Image]]) -> dict[str, Turn]:
    made = {"Pillow, bicubic": pillow(size, blur), "Lightly": lightly(size, blur)}
    return {name: theirs(view, opened) for name, view in made.items() if view}


def ours_on(device: str, pictures: np.ndarray, blur: float) -> dict[str, Any]:
    """Pictures that lie on an accelerator to two views there: seconds of the clock, since it does the work."""
    whole = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().to(device)
    views, taken = engine(pictures.shape[1], blur), []
    sizes = torch.tensor([pictures.shape[1:3]], device=device).expand(len(whole), -1)
    for step in range(25):
        torch.cuda.synchronize(device)
        began = time.perf_counter()
        views.apply(
            whole, views.plan(Keys(0, step, torch.arange(len(whole), device=device)), sizes)
        )
        torch.cuda.synchronize(device)
        taken.append((time.perf_counter() - began) / len(whole))
    line = {"what": f"pictures on {torch.cuda.get_device_name(device)} to two views there"}
    line |= {"size": pictures.shape[1], "blur": blur, "turns": len(taken) - 5}
    return line | {"pictures_per_second": 1 / statistics.median(taken[5:]), "against": []}


def measure(
    pictures: Path | None = None, seconds: float = SECONDS, device: str = "cpu"
) -> dict[str, Any]:
    """The table: where it was measured and its rows.

    Args:
        device: an accelerator whose own views are measured too.
        pictures: a folder of JPEG files; None draws them.
        seconds: of work for all rows together.
    """
    torch.set_num_threads(1)
    rows = []
    small = natural(2048, 32, 32)
    loaded = [lambda p=p: Image.fromarray(p) for p in small[:256]]  # type: ignore[misc]
    for blur in (0.0, 0.5):
        turns = {"ours": ours_in_memory(small, blur), **peers(32, blur, loaded)}
        rows.append(row("pictures in memory to two views", 32, blur, turns, seconds / 5))
        if device != "cpu":
            rows.append(ours_on(device, np.tile(small, (4, 1, 1, 1)), blur))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pictures or Path(scratch)
        if pictures is None:
            for place, each in enumerate(natural(FILES, 375, 500)):
                Image.fromarray(each).save(folder / f"{place:02}.jpg", quality=90)
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
        bytes_each = statistics.mean((folder / name).stat().st_size for name in names)
        opened = [lambda name=name: decoded(folder, name) for name in names]  # type: ignore[misc]
        for what, whole in (
            ("files to two views", True),
            ("files to two crops, the rest on a GPU", False),
        ):
            turns = {"ours": ours_from_files(folder, names, 224, whole), **peers(224, 0.5, opened)}
            rows.append(row(what, 224, 0.5, turns, seconds / 5))
        reading = count()

        def read() -> int:
            opened[next(reading) % len(opened)]()
            return 1

        turns = {"ours": read, **peers(224, 0.5, opened)}
        rows.append(row("files decoded by Pillow, nothing else", 224, 0.5, turns, seconds / 5))
    where = environment()
    where["threads"] = 1
    with suppress(metadata.PackageNotFoundError):
        where["versions"]["lightly"] = metadata.version("lightly")
    files = {"count": len(names), "bytes": round(bytes_each), "drawn": pictures is None}
    return {"environment": where, "files": files, "rows": rows}
