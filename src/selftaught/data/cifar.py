"""CIFAR-10 and CIFAR-100: 60,000 colour pictures of 32x32 pixels.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009. The official 10,000 test
pictures are the test split; validation is held out of the official 50,000.
"""

from typing import Any

import torch
from torch import Tensor

from selftaught.config import Data
from selftaught.data.division import divide_public
from selftaught.data.resident import Resident
from selftaught.data.roots import data_root, found_or_downloaded
from selftaught.data.source import Splits
from selftaught.data.statistics import mean_and_std
from selftaught.vision_libraries import import_torchvision

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar.html"


def open_cifar10(config: Data) -> Splits:
    """Ten classes.

    Raises:
        Refusal: the files are not there and cannot be downloaded.
    """
    return _open(config, "CIFAR10", "cifar-10-python.tar.gz (or the folder cifar-10-batches-py)")


def open_cifar100(config: Data) -> Splits:
    """A hundred classes.

    Raises:
        Refusal: the files are not there and cannot be downloaded.
    """
    return _open(config, "CIFAR100", "cifar-100-python.tar.gz (or the folder cifar-100-python)")


def _open(config: Data, reader: str, files: str) -> Splits:
    root = data_root(config.root)
    dataset = getattr(import_torchvision().datasets, reader)

    def read(download: bool) -> tuple[Resident, Resident, tuple[str, ...]]:
        train = dataset(root, train=True, download=download)
        test = dataset(root, train=False, download=False)
        return _resident(train), _resident(test), tuple(train.classes)

    everything, test, classes = found_or_downloaded(read, config.name, files, root, ORIGIN)
    train, validation = divide_public(everything, config.take, config.validation)
    mean, std = mean_and_std(train)
    return Splits(
        name=config.name,
        train=train,
        validation=validation,
        test=test,
        classes=classes,
        size=32,
        mean=mean,
        std=std,
        preset="small",
    )


def _resident(dataset: Any) -> Resident:
    """torchvision keeps rows of [h, w, c] in numpy."""
    data, targets = dataset.data, dataset.targets
    pictures: Tensor = torch.from_numpy(data).permute(0, 3, 1, 2).contiguous()
    return Resident(pictures, torch.tensor(targets))
