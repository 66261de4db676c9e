"""ImageNet (ILSVRC 2012): 1.28 million pictures of a thousand classes, streamed from their folder.

Russakovsky and others, "ImageNet large scale visual recognition challenge", IJCV 2015. The folder
is as torchvision lays it out: ``train`` and ``val``, each with a sub-folder for each class (its
WordNet number). The official validation pictures are the test split; ours is held out of ``train``.
"""

from pathlib import Path

import torch
from jaxtyping import Int64
from torch import Tensor

from selftaught.config import Data
from selftaught.data.division import divide_public
from selftaught.data.files import Files, Header, Kind, headers
from selftaught.data.folder import refuse_bad
from selftaught.data.labels import Listing, list_pictures
from selftaught.data.roots import data_root
from selftaught.data.source import Splits
from selftaught.data.streamed import Streamed
from selftaught.errors import Refusal

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""The constants that the field has used since Torch7's ImageNet example."""

COLOUR = Kind(channels=3, levels=255)


def open_imagenet(config: Data) -> Splits:
    """Views of 224 pixels.

    Raises:
        Refusal: the folder is not there; it cannot be downloaded without an account.
    """
    folder = imagenet_folder(config.root)
    listings = {part: list_pictures(str(folder / part)) for part in ("train", "val")}
    classes = tuple(sorted({name.split("/")[0] for name in listings["train"].names}))
    whole = streamed(listings["train"], classes, config)
    train, validation = divide_public(whole, config.take, config.validation)
    return Splits(
        name=config.name,
        train=train,
        validation=validation,
        test=streamed(listings["val"], classes, config),
        classes=classes,
        size=224,
        mean=MEAN,
        std=STD,
    )


def imagenet_folder(root: str | None) -> Path:
    """``imagenet`` under the data root, or the root itself where ``train`` and ``val`` lie there.

    Raises:
        Refusal: neither holds both.
    """
    base = data_root(root)
    for folder in (base / "imagenet", base):
        if (folder / "train").is_dir() and (folder / "val").is_dir():
            return folder
    raise Refusal(
        f"'imagenet' is not in {base / 'imagenet'}, and needs an account to download: get "
        "ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar from https://image-net.org and unpack "
        f"them to {base / 'imagenet'}/train/WNID/*.JPEG and {base / 'imagenet'}/val/WNID/*.JPEG, "
        "or name another folder with --data-root or SELFTAUGHT_DATA."
    )


def streamed(listing: Listing, classes: tuple[str, ...], config: Data) -> Streamed:
    """One of the two folders, in the order of its paths."""
    looks = headers(str(listing.folder), listing.names)
    bad = {name: look for name, look in looks.items() if isinstance(look, str)}
    refuse_bad(bad, len(looks), config.max_bad)
    found = {name: look for name, look in looks.items() if isinstance(look, Header)}
    return Streamed(
        Files(str(listing.folder), tuple(found), COLOUR),
        torch.tensor([(look.height, look.width) for look in found.values()]),
        COLOUR,
        labels=numbered(found, classes, listing),
        workers=config.workers,
        max_bad=config.max_bad,
        bad=bad,
    )


def numbered(
    found: dict[str, Header], classes: tuple[str, ...], listing: Listing
) -> Int64[Tensor, " n"]:
    """Each picture's place among the classes, which its folder names."""
    strangers = {name.split("/")[0] for name in found} - set(classes)
    if strangers:
        raise Refusal(
            f"{listing.folder} has the class folder '{min(strangers)}', which train has not; "
            "expected one sub-folder for each of the same WordNet numbers."
        )
    number = {wnid: i for i, wnid in enumerate(classes)}
    return torch.tensor([number[name.split("/")[0]] for name in found])
