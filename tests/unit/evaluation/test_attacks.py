"""Attacks stay within their cube, and on a linear classifier find the distance that is known."""

import pytest
import torch
from torch import Tensor, nn

from selftaught.evaluation import attacks

STRENGTHS = (0.0, 0.002, 0.01, 0.05, 0.2)


def network() -> nn.Module:
    """A small network with a bend in every pixel, untrained."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(128, 4),
    )


def pictures(n: int = 64) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures, the network's own answers to most of them, and starts."""
    generator = torch.Generator().manual_seed(1)
    given = torch.rand(n, 3, 8, 8, generator=generator)
    labels = network()(given).argmax(-1)
    labels[: n // 8] = (labels[: n // 8] + 1) % 4
    return given, labels, torch.rand(given.shape, generator=generator)


def test_the_gradient_is_that_of_finite_differences_and_leaves_the_weights_alone() -> None:
    net, (given, labels, _) = network().double(), pictures(4)
    given = given.double()
    slope, right = attacks.gradient(net, given, labels)
    assert all(weight.grad is None for weight in net.parameters())
    assert right.tolist() == (net(given).argmax(-1) == labels).tolist()

    def loss(x: Tensor) -> Tensor:
        return nn.functional.cross_entropy(net(x), labels, reduction="sum")

    for place in [(0, 0, 0, 0), (1, 2, 3, 4), (3, 1, 7, 7)]:
        step = torch.zeros_like(given)
        step[place] = 1e-5
        with torch.no_grad():
            expected = (loss(given + step) - loss(given - step)) / 2e-5
        assert float(slope[place]) == pytest.approx(float(expected), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("strength", [0.01, 0.1, 0.6])
def test_a_changed_picture_stays_within_the_cube_and_is_a_picture(strength: float) -> None:
    net, (given, labels, start) = network(), pictures()
    slope, _ = attacks.gradient(net, given, labels)
    found, _ = attacks.pgd(net, given, labels, start, strength=strength, steps=7, step_size=2.5)
    for changed in (attacks.fgsm(given, slope, strength), found):
        assert float((changed - given).abs().max()) <= strength + 1e-6
        assert float(changed.min()) >= 0
        assert float(changed.max()) <= 1
        assert not torch.equal(changed, given)


def test_what_pgd_says_of_a_picture_is_so() -> None:
    net, (given, labels, start) = network(), pictures()
    found, withstood = attacks.pgd(net, given, labels, start, strength=0.02, steps=9, step_size=2.5)
    assert 0 < int(withstood.sum()) < len(given)
    with torch.no_grad():
        assert torch.equal(net(found).argmax(-1) == labels, withstood)


def test_without_strength_the_accuracy_is_the_clean_one_and_pgds_never_rises() -> None:
    net, (given, labels, start) = network(), pictures()
    with torch.no_grad():
        clean = net(given).argmax(-1) == labels
    fast = attacks.withstood_fgsm(net, given, labels, STRENGTHS)
    slow = attacks.withstood_pgd(net, given, labels, start, STRENGTHS, steps=10, step_size=2.5)
    assert torch.equal(fast[0], clean)
    assert torch.equal(slow[0], clean)
    shares = slow.float().mean(1).tolist()
    assert shares == sorted(shares, reverse=True)
    assert 0.8 < shares[0] < 0.9
    assert shares[-1] < 0.1
    assert all(a >= b for a, b in zip(slow[:-1].flatten(), slow[1:].flatten(), strict=True))


def test_many_steps_fool_where_one_does() -> None:
    net, (given, labels, start) = network(), pictures(256)
    fast = attacks.withstood_fgsm(net, given, labels, STRENGTHS)
    slow = attacks.withstood_pgd(net, given, labels, start, STRENGTHS, steps=20, step_size=2.5)
    assert (slow.float().mean(1) <= fast.float().mean(1) + 0.02).all()


@pytest.mark.parametrize("way", ["fgsm", "pgd"])
def test_on_a_linear_classifier_both_find_its_distance(way: str) -> None:
    """|w . x + b| / ||w||_1 is how far the plane is, in the largest coordinate."""
    generator = torch.Generator().manual_seed(3)
    weights = torch.randn(27, generator=generator)
    given = 0.4 + 0.2 * torch.rand(40, 3, 3, 3, generator=generator)
    scores = given.flatten(1) @ weights
    bias = -scores.median()

    def logits(x: Tensor) -> Tensor:
        score = x.flatten(1) @ weights + bias
        return torch.stack([torch.zeros_like(score), score], dim=1)

    labels = (scores + bias > 0).long()
    distance = (scores + bias).abs() / weights.abs().sum()
    strengths = [0.0, 0.002, 0.004, 0.01, 0.02]
    assert float(distance.max()) < 0.3
    if way == "fgsm":
        found = attacks.withstood_fgsm(logits, given, labels, strengths)
    else:
        start = torch.rand(given.shape, generator=generator)
        found = attacks.withstood_pgd(
            logits, given, labels, start, strengths, steps=20, step_size=2.5
        )
    for strength, withstood in zip(strengths, found, strict=True):
        clear = (distance - strength).abs() > 1e-5
        assert torch.equal(withstood[clear], distance[clear] > strength)


def test_only_pictures_that_still_stand_are_attacked_again() -> None:
    net, (given, labels, start) = network(), pictures()
    seen = []

    def counting(x: Tensor) -> Tensor:
        seen.append(len(x))
        return net(x)

    attacks.withstood_pgd(counting, given, labels, start, STRENGTHS, steps=3, step_size=2.5)
    assert seen[0] == len(given)
    assert seen[1:] == sorted(seen[1:], reverse=True)
    assert seen[-1] < len(given) // 2


def test_the_median_norm_lies_on_the_line_between_two_strengths() -> None:
    grid = [0.0, 1.0, 2.0, 4.0]
    assert attacks.median_strength(grid, [1.0, 0.9, 0.6, 0.2]) == pytest.approx(2.5)
    # Pictures that were wrong from the start have no say.
    assert attacks.median_strength(grid, [0.5, 0.45, 0.3, 0.1]) == pytest.approx(2.5)
    assert attacks.median_strength(grid, [0.8, 0.4, 0.4, 0.4]) == pytest.approx(1)
    assert attacks.median_strength(grid, [0.8, 0.7, 0.7, 0.5]) is None
    assert attacks.median_strength(grid, [0.0, 0.0, 0.0, 0.0]) is None
