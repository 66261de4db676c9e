"""False labels are as many as asked for, nested, and the same for whoever asks."""

import pytest
import torch

from selftaught.batch import Batch
from selftaught.encoders import build
from selftaught.methods.baselines.supervised import Supervised
from selftaught.parts.false_labels import replaced

ROWS, FIVE = torch.arange(20_000), torch.arange(5)
LABELS = torch.randint(5, (20_000,), generator=torch.Generator().manual_seed(0))


def test_as_many_labels_are_false_as_the_share_says_and_none_is_favoured() -> None:
    for share in (0.2, 0.8):
        false = replaced(LABELS, ROWS, share, FIVE) != LABELS
        assert float(false.float().mean()) == pytest.approx(share * 4 / 5, abs=0.01)
    assert torch.equal(replaced(LABELS, ROWS, 0.0, FIVE), LABELS)
    counts = replaced(LABELS, ROWS, 0.999, FIVE)[LABELS == 2].bincount(minlength=5)
    assert float(counts.float().std() / counts.float().mean()) < 0.1


def test_more_noise_replaces_the_same_labels_and_more() -> None:
    little, much = (replaced(LABELS, ROWS, share, FIVE) for share in (0.2, 0.6))
    false = little != LABELS
    assert torch.equal(little[false], much[false])
    assert int((much != LABELS).sum()) > 2 * int(false.sum())
    assert not torch.equal(replaced(LABELS, ROWS, 0.2, FIVE, seed=1), little)


def test_a_picture_keeps_its_false_label_in_any_batch_and_none_stays_none() -> None:
    whole = replaced(LABELS, ROWS, 0.6, FIVE)
    some = torch.tensor([17, 3, 9000])
    assert torch.equal(replaced(LABELS[some], some, 0.6, FIVE), whole[some])
    missing = torch.full_like(LABELS, -1)
    assert torch.equal(replaced(missing, ROWS, 0.9, FIVE), missing)


def test_supervised_training_is_told_them() -> None:
    torch.manual_seed(0)
    encoder = build("resnet_tiny", channels=3, size=32)
    honest, lied_to = Supervised(encoder, 5), Supervised(encoder, 5, noise=0.6)
    lied_to.classifier = honest.classifier
    index = torch.arange(100, 132)
    batch = Batch([torch.randn(32, 3, 32, 32)], index, LABELS[:32])
    false = replaced(LABELS[:32], index, 0.6, FIVE)
    told = Batch(batch.views, index, false)
    losses = [
        float(method(given).losses["cross_entropy"].detach())
        for method, given in ((lied_to, batch), (honest, told), (honest, batch))
    ]
    assert losses[0] == losses[1] != losses[2]
