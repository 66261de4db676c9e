"""Intervals cover what they say, equal contestants stay equal, and Holm's correction is Holm's."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from selftaught.comparison import bootstrap

NULLS = 200
"""Simulated comparisons; of so many the share that cover strays by 1.5 points, one standard error."""


def drawn(
    random: np.random.Generator,
    base: NDArray[Any],
    *,
    seeds: int,
    seed_effect: float,
    own_pictures: float,
) -> NDArray[np.bool_]:
    """[s, m] right or wrong: common difficulty, what this method is good at, luck of the seed, noise."""
    m = len(base)
    logit = (
        base
        + random.normal(0, own_pictures, m)
        + random.normal(0, seed_effect, (seeds, 1))
        + random.normal(0, 0.3, (seeds, m))
    )
    return random.random((seeds, m)) < 1 / (1 + np.exp(-logit))


def pairs(**law: Any) -> Any:
    """Contestants of one law, so that the true gap is none."""
    for number in range(NULLS):
        random = np.random.default_rng(number)
        base = random.normal(0.5, 1.5, 400)
        yield drawn(random, base, **law), drawn(random, base, **law)


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(
    ("seed_effect", "own_pictures"), [(0.02, 0.5), (0.02, 2.0), (0.15, 0.5), (0.15, 2.0)]
)
def test_nineteen_of_twenty_intervals_hold_the_truth(
    seeds: int, seed_effect: float, own_pictures: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "REPLICATES", 1000)
    law = {"seeds": seeds, "seed_effect": seed_effect, "own_pictures": own_pictures}
    found = [bootstrap.difference(a, b) for a, b in pairs(**law)]
    cover = np.mean([each.low <= 0 <= each.high for each in found])
    assert 0.90 <= cover <= 0.99
    claimed = np.mean([each.p < 0.05 for each in found])
    assert claimed <= 0.10


def test_welch_forgets_the_pictures_where_this_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "REPLICATES", 1000)
    law = {"seeds": 5, "seed_effect": 0.02, "own_pictures": 2.0}
    welch = [stats.ttest_ind(a.mean(1), b.mean(1), equal_var=False).pvalue for a, b in pairs(**law)]
    assert np.mean(np.array(welch) < 0.05) > 0.15


def test_pictures_of_one_group_are_one_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal contestants of which each is good at some groups: told apart by pictures, and not by groups."""
    monkeypatch.setattr(bootstrap, "REPLICATES", 1000)
    groups = np.repeat(np.arange(40), 10)
    alone, together, covers = [], [], []
    for number in range(100):
        random = np.random.default_rng(number)
        common = random.normal(0.5, 1.0, 40)

        def one(random: Any = random, common: Any = common) -> NDArray[np.bool_]:
            logit = (common + random.normal(0, 1.0, 40))[groups] + random.normal(0, 0.02, (3, 1))
            return np.asarray(random.random((3, 400)) < 1 / (1 + np.exp(-logit)))

        ours, theirs = one(), one()
        alone.append(bootstrap.difference(ours, theirs).p < 0.05)
        found = bootstrap.difference(ours, theirs, groups)
        together.append(found.p < 0.05)
        covers.append(found.low <= 0 <= found.high)
    assert np.mean(alone) > 0.15
    assert np.mean(together) <= 0.12
    assert np.mean(covers) >= 0.88


def test_groups_of_one_are_pictures_and_unequal_groups_keep_the_gap() -> None:
    random = np.random.default_rng(3)
    ours, theirs = random.random((3, 60)) < 0.7, random.random((3, 60)) < 0.5
    pictures, groups = bootstrap.difference(ours, theirs), np.arange(60)[::-1]
    ones = bootstrap.difference(ours, theirs, groups)
    assert (ones.low, ones.high) == pytest.approx((pictures.low, pictures.high), abs=0.01)
    unequal = bootstrap.difference(ours, theirs, np.repeat([0, 1, 2, 3], [1, 9, 20, 30]))
    assert unequal.gap == pytest.approx(pictures.gap)
    assert unequal.low < unequal.gap < unequal.high


def test_many_seeds_and_pictures_give_the_normal_interval() -> None:
    random = np.random.default_rng(0)
    base = random.normal(0.5, 1.5, 400)
    ours, theirs = (
        drawn(random, base, seeds=40, seed_effect=0.3, own_pictures=1.0) for _ in range(2)
    )
    found = bootstrap.difference(ours, theirs)
    each = ours.mean(0) - theirs.mean(0)
    seeds = sum(right.mean(1).var(ddof=1) / len(right) for right in (ours, theirs))
    half = 1.96 * (seeds + each.var(ddof=1) / 400) ** 0.5
    assert found.gap == pytest.approx(ours.mean() - theirs.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.06)


def test_one_row_each_is_the_paired_comparison_of_two_fixed_classifiers() -> None:
    random = np.random.default_rng(1)
    ours, theirs = random.random((1, 1000)) < 0.7, random.random((1, 1000)) < 0.6
    found = bootstrap.difference(ours, theirs)
    t = stats.ttest_rel(ours[0].astype(float), theirs[0].astype(float))
    low, high = t.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.004)
    assert found.probability > 0.99


def test_the_other_way_round_it_is_about_the_opposite() -> None:
    random = np.random.default_rng(2)
    base = random.normal(0, 1, 300)
    ours, theirs = (
        drawn(random, base, seeds=3, seed_effect=0.1, own_pictures=1.0) for _ in range(2)
    )
    there, back = bootstrap.difference(ours, theirs), bootstrap.difference(theirs, ours)
    assert there.gap == pytest.approx(-back.gap)
    assert there.probability + back.probability == pytest.approx(1, abs=0.02)
    assert there == bootstrap.difference(ours, theirs)  # nothing is drawn from the clock


def test_what_never_varied_is_claimed_of_many_pictures_and_not_of_three() -> None:
    many, few = np.ones((3, 50), dtype=bool), np.ones((3, 3), dtype=bool)
    equal = bootstrap.difference(many, many)
    assert (equal.low, equal.high, equal.probability, equal.p) == (0, 0, 0.5, 1)
    found = bootstrap.difference(many, ~many)
    assert found.low < found.gap == 1 < found.high and found.p < 1e-6
    assert bootstrap.difference(few, ~few).p > 0.05


def test_holm_by_hand() -> None:
    assert bootstrap.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert bootstrap.holm([0.5, 0.9]) == [1.0, 1.0]
    assert bootstrap.holm([]) == []
