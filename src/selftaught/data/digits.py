"""Handwritten digits that come with scikit-learn: 1,797 pictures of 8x8 pixels, without a network.

Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI repository, 1998: each pixel
counts the ink, 0 to 16, in a 4x4 cell of a scan. The pictures stay 8x8; views are 16x16, so that a
ResNet, which halves its maps three times, ends with more than one place, and a crop is enlarged and
never thrown away.
"""

import torch

from selftaught.config import Data
from selftaught.data.division import divide_public, fixed_order, hold_out
from selftaught.data.resident import Resident
from selftaught.data.source import Splits
from selftaught.data.statistics import mean_and_std

TEST = 0.2
"""scikit-learn names no test pictures: a fifth of each class, by the fixed permutation."""


def open_digits(config: Data) -> Splits:
    """Ten classes, one channel; no flips in the views, since a mirrored digit is another sign."""
    from sklearn.datasets import load_digits

    ink, digit = load_digits(return_X_y=True)
    pictures = ((torch.from_numpy(ink).long() * 255 + 8) // 16).to(torch.uint8)
    everything = Resident(pictures.reshape(-1, 1, 8, 8), torch.from_numpy(digit).long())
    rest, test = hold_out(everything.labels, fixed_order(len(everything)), TEST)
    train, validation = divide_public(everything.subset(rest), config.take, config.validation)
    mean, std = mean_and_std(train)
    return Splits(
        name=config.name,
        train=train,
        validation=validation,
        test=everything.subset(test),
        classes=tuple("0123456789"),
        size=16,
        mean=mean,
        std=std,
        preset="digits",
    )
