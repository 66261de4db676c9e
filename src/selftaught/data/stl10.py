"""STL-10: 96x96 colour, 5,000 labelled, 8,000 test and 100,000 unlabelled pictures.

Coates, Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning", AISTATS
2011. The files are read in place: the unlabelled pictures (2.8 GB) stay on disk until something
asks for them.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from selftaught.config import Data
from selftaught.data.division import divide_public
from selftaught.data.resident import Resident
from selftaught.data.roots import data_root, found_or_downloaded
from selftaught.data.source import Splits
from selftaught.data.statistics import mean_and_std
from selftaught.vision_libraries import import_torchvision

SIDE = 96
FOLDER = "stl10_binary"
ORIGIN = "https://cs.stanford.edu/~acoates/stl10/"


def open_stl10(config: Data) -> Splits:
    """Ten classes; pretraining may use ``unlabelled`` too.

    Raises:
        Refusal: the files are not there and cannot be downloaded.
    """
    folder = checked_folder(config)
    train, validation = divide_public(labelled(folder, "train"), config.take, config.validation)
    mean, std = mean_and_std(train)
    return Splits(
        name=config.name,
        train=train,
        validation=validation,
        test=labelled(folder, "test"),
        unlabelled=Resident(pictures(folder / "unlabeled_X.bin")),
        classes=tuple((folder / "class_names.txt").read_text().split()),
        size=SIDE,
        mean=mean,
        std=std,
    )


def checked_folder(config: Data) -> Path:
    """Where the files lie, once torchvision has found their checksums right.

    Raises:
        Refusal: they are not there and cannot be downloaded.
    """
    root = data_root(config.root)
    reader = import_torchvision().datasets.STL10
    archive = f"stl10_binary.tar.gz (or the folder {FOLDER})"
    found_or_downloaded(
        lambda download: reader(root, split="test", download=download),
        config.name,
        archive,
        root,
        ORIGIN,
    )
    return root / FOLDER


def labelled(folder: Path, part: str) -> Resident:
    """All pictures of ``train`` or ``test``, in the official order; the files count from 1."""
    labels = torch.from_numpy(np.fromfile(folder / f"{part}_y.bin", np.uint8)).long() - 1
    return Resident(pictures(folder / f"{part}_X.bin"), labels)


def pictures(file: Path) -> Tensor:
    """[n, 3, 96, 96] uint8; each plane is stored column by column."""
    stored = np.memmap(file, np.uint8, mode="c").reshape(-1, 3, SIDE, SIDE)
    return torch.from_numpy(stored).transpose(2, 3)


def folds(folder: Path) -> Int64[Tensor, "10 1000"]:
    """The ten official folds: rows of ``labelled(folder, "train")`` to learn a probe from."""
    lines = (folder / "fold_indices.txt").read_text().splitlines()
    return torch.tensor([[int(row) for row in line.split()] for line in lines if line.strip()])
