"""Against scikit-learn's RidgeClassifier, whichever of the two systems is solved."""

import pytest
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler

from selftaught.evaluation.ridge import classify


@pytest.mark.parametrize(("count", "dim"), [(200, 12), (40, 90)])
@pytest.mark.parametrize("classes", [3, 5])
def test_it_is_scikit_learns(count: int, dim: int, classes: int) -> None:
    random = torch.Generator().manual_seed(0)
    centres = torch.randn(classes, dim, generator=random)
    labels = torch.randint(classes, (count + 100,), generator=random)
    noise = 3 * torch.randn(count + 100, dim, generator=random)
    features = (centres[labels] + noise) * torch.rand(dim, generator=random) + 5
    bank, queries = features[:count], features[count:]
    scaler = StandardScaler().fit(bank.double().numpy())
    theirs = RidgeClassifier(alpha=0.01 * count).fit(
        scaler.transform(bank.double().numpy()), labels[:count].numpy()
    )
    expected = theirs.predict(scaler.transform(queries.double().numpy()))
    ours = classify(queries, bank, labels[:count], classes=classes)
    assert ours.tolist() == expected.tolist()


def test_features_that_never_move_say_nothing_and_break_nothing() -> None:
    labels = torch.tensor([0, 1, 1, 1])
    assert classify(torch.ones(3, 6), torch.ones(4, 6), labels, classes=2).tolist() == [1, 1, 1]


def test_small_directions_count_as_much_as_large_ones() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 2
    small = 1e-3 * (labels[:, None] * 2.0 - 1) + 1e-4 * torch.randn(200, 1, generator=random)
    features = torch.cat([100 * torch.randn(200, 5, generator=random), small], dim=1)
    found = classify(features[100:], features[:100], labels[:100], classes=2)
    assert (found == labels[100:]).float().mean() > 0.95
