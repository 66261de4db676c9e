import torch
from sklearn.datasets import load_digits

from selftaught.config import Data
from selftaught.data import open_splits


def test_every_digit_is_in_one_split_as_scikit_learn_has_it():
    splits = open_splits(Data(name="digits"))
    parts = (splits.train, splits.validation, splits.test)
    assert sum(map(len, parts)) == 1797
    assert splits.preset == "digits"
    found = torch.cat([part.pictures.flatten(1) for part in parts]).double() * 16 / 255
    labels = torch.cat([part.labels for part in parts])
    ink, digit = load_digits(return_X_y=True)

    def rows(pixels, names):
        return sorted((int(n), *p) for p, n in zip(pixels.tolist(), names, strict=True))

    assert rows(found.round().int(), labels) == rows(torch.from_numpy(ink).int(), digit)
