"""Each failure is named, and healthy runs are not accused: by hand, and on the looks of 55 real trainings."""

import json
from pathlib import Path
from typing import Any

import pytest

from selftaught.training.health import carried, collapse_shown, judge

UNTRAINED = {
    "effective_rank": 12.0,
    "feature_std": 0.2,
    "knn": 0.28,
    "linear": 0.25,
    "queries": 500,
    "recognised": 0.55,
    "pairs": 250,
    "loss_taught": 5.0,
    "loss_held": 5.1,
    "projection_size": 1.0,
    "growth": 1.0,
    "different": 900,
    "bank": 900,
}
RUNS = json.loads(Path(__file__).with_name("looks.json").read_text(encoding="utf-8"))
"""First and last looks of runs of 19 methods on shapes and CIFAR-10, recomputed from their encoders, and
whether their kNN or linear accuracy on the split they were judged on is above the untrained encoder's by two
standard errors."""


def look(**changes: Any) -> dict[str, Any]:
    return {**UNTRAINED, "projection_std": 0.9, **changes}


def blind(row: dict[str, Any]) -> dict[str, Any]:
    """A look without labels."""
    return {key: value for key, value in row.items() if key not in ("knn", "linear", "queries")}


@pytest.mark.parametrize(
    ("last", "word", "kind"),
    [
        (look(knn=0.55, effective_rank=80.0, feature_std=0.8), "learning", ""),
        # A supervised encoder shrinks to its classes by design.
        (look(knn=0.95, effective_rank=2.5, feature_std=0.6), "learning", ""),
        # Nearest neighbours miss what lies in small directions; a linear classifier sees it.
        (look(linear=0.45, effective_rank=2.5), "learning", ""),
        (look(recognised=0.7), "learning", ""),
        (look(knn=0.29), "stalled", ""),
        (look(knn=0.20), "stalled", ""),
        # Pictures are recognised, but by something that says nothing of the classes any more.
        (look(knn=0.20, linear=0.15, recognised=0.8), "stalled", ""),
        (look(knn=0.10, feature_std=0.001, effective_rank=1.0), "collapsed", "complete"),
        (look(knn=0.25, projection_std=0.01), "collapsed", "complete"),
        (look(knn=0.25, projection_size=0.02), "collapsed", "complete"),
        (look(knn=0.27, effective_rank=2.0), "collapsed", "dimensional"),
        (look(knn=0.27, effective_rank=2.0, recognised=0.7), "collapsed", "dimensional"),
        (look(growth=4.0), "diverged", ""),
        (look(growth=4.0, knn=0.5), "learning", ""),
        (look(loss_taught=1.0, loss_held=4.8), "short of data", ""),
        (look(loss_taught=1.0, loss_held=4.8, knn=0.5), "short of data", ""),
        (look(loss_taught=1.0, loss_held=3.5, knn=0.5), "learning", ""),
        (look(different=300), "short of data", ""),
        (look(different=300, knn=0.5), "learning", ""),
    ],
)
def test_with_labels(last: dict[str, Any], word: str, kind: str) -> None:
    found = judge([UNTRAINED, last], [5.0, 4.0])
    assert (found.word, found.kind) == (word, kind)


def test_few_dimensions_alone_are_no_collapse() -> None:
    few = {**UNTRAINED, "effective_rank": 2.0}
    assert judge([few, look(effective_rank=2.0, knn=0.5)], [5.0, 4.0]).word == "learning"


@pytest.mark.parametrize(
    ("before", "after", "losses", "word"),
    [
        (0.55, 0.75, [5.0] * 20, "learning"),
        (0.55, 0.56, [5.0] * 10 + [3.0] * 10, "stalled"),
        # Under mild views an untrained network recognises pictures already: the loss decides.
        (0.97, 0.93, [5.0] * 10 + [3.0] * 10, "learning"),
        (0.97, 0.93, [5.0] * 20, "stalled"),
    ],
)
def test_without_labels_recognition_decides_where_it_can(
    before: float, after: float, losses: list[float], word: str
) -> None:
    first, last = (
        {**blind(look()), "recognised": x, "loss_held": 5.0, "loss_taught": 5.0}
        for x in (before, after)
    )
    assert judge([first, last], losses).word == word


def test_rows_of_older_versions_are_judged_by_what_they_hold() -> None:
    names = ("effective_rank", "feature_std", "knn", "queries")
    first = {name: UNTRAINED[name] for name in names}
    assert judge([first, {**first, "knn": 0.5}], [5.0, 4.0]).word == "learning"
    assert judge([first, {**first, "knn": 0.29}], [5.0, 4.0]).word == "stalled"


@pytest.mark.parametrize("run", [run for run in RUNS if run["better"]], ids=lambda run: run["run"])
def test_a_real_run_that_got_better_is_not_accused(run: dict[str, Any]) -> None:
    words = {judge(run["looks"], run["losses"]).word}
    words.add(judge([blind(row) for row in run["looks"]], run["losses"]).word)
    assert words <= {"learning", "stalled"}
    assert collapse_shown(run["looks"], run["losses"]) is None


def test_of_the_real_runs_that_got_better_nearly_all_are_said_to_learn() -> None:
    """Stalled is said of one in fifty, by chance: 250 pictures tell no more."""
    better = [run for run in RUNS if run["better"]]
    seeing = sum(judge(run["looks"], run["losses"]).word == "learning" for run in better)
    unseeing = sum(
        judge([blind(row) for row in run["looks"]], run["losses"]).word == "learning"
        for run in better
    )
    assert (seeing, unseeing, len(better)) == (48, 47, 49)


def test_of_the_real_runs_that_did_not_get_better_nearly_none_is_said_to_learn() -> None:
    rest = [run for run in RUNS if not run["better"]]
    assert sum(judge(run["looks"], run["losses"]).word == "learning" for run in rest) == 1
    assert len(rest) == 6


def test_a_loss_that_is_not_a_number_or_grew_out_of_proportion() -> None:
    assert judge([UNTRAINED, look()], [5.0, float("nan")]).word == "diverged"
    assert judge([UNTRAINED, look()], [5.0] * 10 + [50.0] * 10).word == "diverged"


def test_a_collapse_that_the_loss_rewards_is_one_however_large_the_weights() -> None:
    point = look(projection_std=0.01, growth=4.0)
    assert judge([UNTRAINED, point], [5.0] * 10 + [0.01] * 10).word == "collapsed"
    assert judge([UNTRAINED, point], [5.0] * 20).word == "diverged"


def test_what_carries_over_is_a_share_of_the_fall() -> None:
    last = {**UNTRAINED, "loss_taught": 3.0, "loss_held": 4.1}
    assert carried(UNTRAINED, last) == pytest.approx(0.5)
    # The two kinds of pictures differed by 0.1 before training: a fall by that much tells nothing.
    assert carried(UNTRAINED, {**UNTRAINED, "loss_taught": 4.9}) is None
    assert carried(blind({"loss_taught": 5.0}), {"loss_taught": 1.0}) is None


def test_on_the_way_nothing_gained_is_early_and_copies_are_not_held_against_a_run() -> None:
    assert judge([UNTRAINED], [], ended=False).word == "early"
    assert judge([UNTRAINED, look(different=300)], [5.0], ended=False).word == "early"
    assert judge([UNTRAINED, look(knn=0.5)], [5.0], ended=False).word == "learning"


def test_a_complete_collapse_shows_at_once_and_a_dimensional_one_when_it_stays() -> None:
    point, narrow = look(projection_std=0.01), look(effective_rank=1.5)
    assert collapse_shown([UNTRAINED], []) is None
    assert collapse_shown([UNTRAINED, point], [5.0, 1.0]) is not None
    assert collapse_shown([UNTRAINED, narrow], [5.0, 4.0]) is None
    assert collapse_shown([UNTRAINED, look(), narrow], [5.0, 4.0]) is None
    shown = collapse_shown([UNTRAINED, narrow, narrow], [5.0, 4.0])
    assert shown is not None
    assert shown.kind == "dimensional"


def test_the_sentence_and_the_numbers_carry_what_decided() -> None:
    found = judge([UNTRAINED, look(knn=0.55)], [5.0, 4.0])
    assert "28.0%" in found.text
    assert "55.0%" in found.text
    assert found.numbers["knn"] == 0.55
    heart = judge([UNTRAINED, look(loss_taught=1.0, loss_held=5.1)], [5.0, 1.0])
    assert heart.numbers["carried"] == 0.0
    assert "0% of the fall of the loss carries over" in heart.text
