"""Strange pictures are told from usual ones, by features alone."""

from pathlib import Path

import pytest
import torch
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from selftaught import config
from selftaught.data import Splits, open_splits
from selftaught.data.channels import convert
from selftaught.encoders import Encoder
from selftaught.evaluation import evaluate, ood
from selftaught.views.engine import Views


def normalised(features: torch.Tensor) -> torch.Tensor:
    return features / features.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_it_equals_scikit_learns_neighbours_and_curve(
    stripes: Splits, small: Encoder, split: str
) -> None:
    changes = {"ood": {"data": "digits", "k": 9}}
    found = evaluate(small, stripes, split=split, protocols=["ood"], changes=changes).results["ood"]
    view = Views.clean(size=12, channels=3, levels=255, mean=(0.5,) * 3, std=(0.2,) * 3)
    digits = open_splits(config.Data(name="digits"))

    def read(*sources: object) -> torch.Tensor:
        pictures = [convert(source.pictures, 3) for source in sources]
        sizes = [source.sizes for source in sources]
        blocks = [
            view.apply(p, view.plan(None, s))[0] for p, s in zip(pictures, sizes, strict=True)
        ]
        return normalised(torch.cat([small(block).detach() for block in blocks]))

    if split == "test":
        bank, usual = read(stripes.train, stripes.validation), read(stripes.test)
        strange = read(digits.test)
    else:
        bank, usual = read(stripes.train), read(stripes.validation)
        strange = read(digits.validation)
    near = NearestNeighbors(n_neighbors=9).fit(bank.numpy())
    scores = near.kneighbors(torch.cat([usual, strange]).numpy())[0][:, -1]
    truth = [0] * len(usual) + [1] * len(strange)
    assert found.value == pytest.approx(roc_auc_score(truth, scores), abs=2e-3)
    assert found.settings["strange_pictures"] == {"digits": len(strange)}
    assert found.scores["auroc_digits"] == found.value
    assert found.value > 0.9
    assert found.scores["mahalanobis_auroc"] == found.scores["mahalanobis_auroc_digits"] > 0.9
    assert 0 <= found.scores["fpr95"] < 0.5
    assert found.measure == "auroc"


def test_the_mean_over_sets(stripes: Splits, small: Encoder, unlabelled: Path) -> None:
    changes = {"ood": {"data": ("digits", str(unlabelled))}}  # strange pictures need no labels
    found = evaluate(small, stripes, protocols=["ood"], changes=changes).results["ood"]
    each = [found.scores[f"auroc_{name}"] for name in ("digits", unlabelled.name)]
    assert found.value == pytest.approx(sum(each) / 2)
    assert found.settings["k"] == 50


def test_without_another_set_it_says_what_to_name(stripes: Splits) -> None:
    said = ood.suits(stripes, "validation", {"data": ""})
    assert said == "it needs other pictures; name them, for example ood.data=digits,cifar10."
    assert ood.suits(stripes, "validation", {"data": "digits"}) is None
