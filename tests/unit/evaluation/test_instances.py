"""Recognition is the area under the ROC curve, and copies are found whatever stands between them."""

import pytest
import torch
from sklearn.metrics import roc_auc_score

from selftaught.evaluation.instances import distinct, recognised


def test_it_is_the_area_under_the_curve_of_each_picture_on_average() -> None:
    random = torch.Generator().manual_seed(0)
    one = torch.randn(30, 8, generator=random)
    other = one + torch.randn(30, 8, generator=random)
    mean = torch.cat([one, other]).mean(0)
    cosines = torch.nn.functional.cosine_similarity(
        (one - mean)[:, None].double(), (other - mean)[None].double(), dim=-1
    )
    own = torch.eye(30, dtype=torch.int64)
    areas = [roc_auc_score(own[i].numpy(), cosines[i].numpy()) for i in range(30)]
    assert recognised(one, other) == pytest.approx(sum(areas) / 30, abs=1e-6)


def test_perfect_none_and_chance() -> None:
    random = torch.Generator().manual_seed(1)
    features = torch.randn(200, 16, generator=random)
    assert recognised(features, features) == 1.0
    assert recognised(torch.ones(50, 4), torch.ones(50, 4)) == 0.5
    chance = recognised(features, torch.randn(200, 16, generator=random))
    assert chance == pytest.approx(0.5, abs=0.06)


def test_a_common_mean_hides_nothing() -> None:
    random = torch.Generator().manual_seed(2)
    one = torch.randn(60, 8, generator=random)
    other = one + 0.3 * torch.randn(60, 8, generator=random)
    assert recognised(one + 1000, other + 1000) == pytest.approx(recognised(one, other), abs=0.01)


def test_the_first_of_each_different_picture() -> None:
    pictures = torch.randint(0, 256, (4, 3, 5, 5), dtype=torch.uint8)
    rows = torch.tensor([2, 0, 2, 1, 0, 3, 3])
    assert distinct(pictures[rows]).tolist() == [0, 1, 3, 5]
    assert distinct(pictures[rows].float()).tolist() == [0, 1, 3, 5]
