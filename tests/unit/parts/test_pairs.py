import torch
from torch import Tensor

from selftaught.parts.pairs import mean_over_crossings, mean_over_directions, mean_over_pairs

VIEWS = [torch.tensor(1.0), torch.tensor(10.0), torch.tensor(100.0)]


def difference(a: Tensor, b: Tensor) -> Tensor:
    """Treats its two sides unlike, so that a swapped pair is seen."""
    return 2 * a - b


def test_with_two_views_nothing_changes() -> None:
    one, two = VIEWS[:2]
    assert mean_over_pairs(torch.mul, [one, two]) == one * two
    both = mean_over_crossings(difference, [one, two], [3 * one, 3 * two])
    assert both == difference(one, 3 * two) + difference(two, 3 * one)


def test_every_unordered_pair_counts_once() -> None:
    assert mean_over_pairs(torch.mul, VIEWS) == (10 + 100 + 1000) / 3


def test_crossings_are_both_directions_of_every_pair_and_never_a_view_with_itself() -> None:
    others = [5 * view for view in VIEWS]
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    expected = sum(difference(VIEWS[i], others[j]) for i, j in pairs) / 3
    torch.testing.assert_close(mean_over_crossings(difference, VIEWS, others), expected)


def test_directions_are_all_of_them_or_those_from_the_first_view() -> None:
    others = [5 * view for view in VIEWS]
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    expected = sum(difference(VIEWS[i], others[j]) for i, j in pairs) / 6
    both = mean_over_directions(difference, VIEWS, others, both=True)
    torch.testing.assert_close(both, expected)
    one = mean_over_directions(difference, VIEWS[:1], others[1:], both=False)
    assert one == (difference(VIEWS[0], others[1]) + difference(VIEWS[0], others[2])) / 2


def test_gradients_reach_every_view() -> None:
    views = [view.clone().requires_grad_() for view in VIEWS]
    mean_over_pairs(torch.mul, views).backward()  # type: ignore[no-untyped-call]
    for i, view in enumerate(views):
        others = torch.stack([each for j, each in enumerate(VIEWS) if j != i])
        torch.testing.assert_close(view.grad, others.sum() / 3)
