import pytest
import torch

from selftaught.parts.scores import accuracy, explained


def test_accuracy_counts_the_largest_logits() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]])
    assert float(accuracy(logits, torch.tensor([0, 1, 1]))) == pytest.approx(2 / 3)


def test_all_is_explained_by_the_truth_and_nothing_by_its_mean() -> None:
    t = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0))
    mean = t.mean(dim=(0, 1), keepdim=True).expand_as(t)
    assert float(explained(t, t)) == 1.0
    assert float(explained(mean, t)) == pytest.approx(0.0, abs=1e-6)
    assert float(explained((t + mean) / 2, t)) == pytest.approx(0.75, abs=1e-6)
    assert float(explained(-t, t)) < 0


def test_targets_that_do_not_vary_leave_the_score_finite() -> None:
    assert explained(torch.zeros(2, 3), torch.ones(2, 3)).isfinite()


def test_scores_are_float32_without_gradient_whatever_comes_in() -> None:
    g = torch.randn(4, 3, requires_grad=True).bfloat16()
    for score in (explained(g, torch.randn(4, 3)), accuracy(g, torch.zeros(4, dtype=torch.long))):
        assert score.dtype == torch.float32
        assert not score.requires_grad
