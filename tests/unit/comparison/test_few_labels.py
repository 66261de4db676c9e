"""A sheet of pictures to label: drawn with known chances, read weighted, and never surer than it may be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import Ridge
from torch import Tensor

from selftaught.comparison import bootstrap
from selftaught.comparison.few_labels import answers, chances, ranking, readers, sentences
from selftaught.errors import Refusal

SHEET = [f"cats/{number}.png" for number in range(30)]


def points(n: int, *, apart: float, seed: int, noise: float = 1.0) -> tuple[Tensor, Tensor]:
    """n points around three corners, and which."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (n,), generator=generator)
    return apart * torch.eye(3)[labels] + noise * torch.randn(n, 3, generator=generator), labels


# Drawing ------------------------------------------------------------------------------------------


def test_chances_sum_to_the_sheet_and_leave_half_of_the_even_one() -> None:
    scores = torch.cat([torch.zeros(90), torch.ones(10)])
    found = chances.chances(scores, 20)
    assert float(found.sum()) == pytest.approx(20)
    assert float(found.min()) >= 0.5 * 20 / 100
    assert float(found.max()) <= 1
    assert float(found[95] / found[0]) > 5
    assert chances.chances(torch.zeros(50), 50).tolist() == [1.0] * 50


def test_every_picture_is_drawn_with_its_own_chance() -> None:
    given = chances.chances(torch.arange(24.0), 6)
    counts = torch.zeros(24)
    for seed in range(400):
        rows = chances.draw(given, seed=seed)
        assert len(rows) == 6 == len(rows.unique())
        counts[rows] += 1
    error = (given * (1 - given) / 400).sqrt()
    assert (((counts / 400 - given) / error).abs() < 4).all()
    assert chances.draw(given, seed=3).equal(chances.draw(given, seed=3))


def test_pictures_that_only_one_contestant_can_place_are_the_likelier() -> None:
    groups = torch.arange(200) % 5
    good = F.one_hot(groups, 5) + 0.05 * torch.randn(200, 5, generator=torch.manual_seed(0))
    poor = good.clone()
    poor[:60] = torch.randn(60, 5, generator=torch.manual_seed(1))  # these it cannot tell
    found = chances.disagreement({"good": chances.unit(good), "poor": chances.unit(poor)})
    assert found[:60].mean() > 2 * found[60:].mean()
    assert not chances.disagreement({"alone": chances.unit(good)}).any()


def test_a_collapsed_contestant_draws_too() -> None:
    good = chances.unit(torch.randn(40, 4, generator=torch.manual_seed(0)))
    collapsed = chances.unit(torch.ones(40, 7))
    assert chances.disagreement({"good": good, "collapsed": collapsed}).isfinite().all()


# Reading ------------------------------------------------------------------------------------------


def by_ridge(features: Tensor, labels: Tensor, counts: Tensor, groups: Tensor) -> list[int]:
    """Each picture's class by scikit-learn's ridge on all other groups, for the strength of least error."""
    x = ((features - features.mean(0)) / features.std(0, correction=0)).double()
    x = (torch.cat([x, torch.ones(len(x), 1)], 1) / torch.tensor([3, 3, 3, 1]) ** 0.5).numpy()
    targets = 2 * F.one_hot(labels).double().numpy() - 1
    share = (counts / counts.mean()).numpy()

    def left_out(strength: float) -> np.ndarray:
        said = []
        for i in range(len(x)):
            rest = (groups != groups[i]).numpy()
            ridge = Ridge(strength, fit_intercept=False).fit(x[rest], targets[rest], share[rest])
            said.append(ridge.predict(x[i : i + 1])[0])
        return np.stack(said)

    tried = [left_out(strength) for strength in readers.STRENGTHS]
    errors = [float((share[:, None] * (said - targets) ** 2).sum()) for said in tried]
    found: list[int] = tried[int(np.argmin(errors))].argmax(1).tolist()
    return found


def by_neighbours(
    features: Tensor, labels: Tensor, weights: Tensor, copies: Tensor, groups: Tensor
) -> list[int]:
    """Each picture's class by its 20 nearest of other groups by weight and copies, written as a loop."""
    known = F.normalize(features.double(), dim=-1)
    found = []
    for i in range(len(known)):
        likeness, votes, left = known @ known[i], torch.zeros(3, dtype=torch.float64), 20.0
        for j in likeness.argsort(descending=True).tolist():
            if groups[j] != groups[i] and left > 0:
                used = min(left, float(copies[j] * weights[j] / weights.mean()))
                votes[labels[j]] += used * (likeness[j] / 0.1).exp()
                left -= used
        found.append(int(votes.argmax()))
    return found


@pytest.mark.parametrize("size", [1, 3])
def test_both_readers_leave_each_group_out_as_a_loop_does(size: int) -> None:
    features, labels = points(33, apart=1.5, seed=0)
    weights = torch.rand(33, generator=torch.manual_seed(1)).double() + 0.5
    groups = torch.arange(33) % (33 // size)
    features += torch.randn(33 // size, 3, generator=torch.manual_seed(2))[
        groups
    ]  # mates are alike
    given = None if size == 1 else groups
    drawn = torch.cat([torch.ones(1, 33), ranking.bootstraps(33)[:2]]).double()
    linear = readers.linear(features, labels, weights, drawn, given)
    looped = torch.tensor(by_ridge(features, labels, weights, groups))
    assert linear[0].tolist() == (looped == labels).tolist()
    knn = readers.knn(features, labels, weights, drawn, given)
    for found, copies in zip(knn, drawn, strict=True):
        looped = torch.tensor(by_neighbours(features, labels, weights, copies, groups))
        there = copies > 0  # what is said of the others is of no use
        assert found[there].tolist() == (looped == labels)[there].tolist()


def test_a_copy_of_a_picture_does_not_teach_it() -> None:
    features = torch.randn(60, 40, generator=torch.manual_seed(0))
    labels = torch.randint(3, (60,), generator=torch.manual_seed(1))
    drawn, weights = ranking.bootstraps(60)[:50], torch.ones(60, dtype=torch.float64)
    for reader in readers.READERS.values():
        right = reader(features, labels, weights, drawn).double()
        share = float((right * drawn).sum() / drawn.sum())
        assert 0.15 < share < 0.5  # chance is a third; with copies it would be nearly one


# Groups -------------------------------------------------------------------------------------------


def patients(seed: int, *, count: int = 20, each: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    """Features that know the patient and nothing of the class, the classes, and the patients."""
    generator = torch.Generator().manual_seed(seed)
    groups = torch.arange(count * each) // each
    labels = torch.randint(2, (count,), generator=generator)[groups]
    known = torch.randn(count, 32, generator=generator)[groups]
    return known + 0.1 * torch.randn(count * each, 32, generator=generator), labels, groups


def test_a_patients_other_pictures_do_not_teach() -> None:
    once, weights = torch.ones(1, 100, dtype=torch.float64), torch.ones(100, dtype=torch.float64)
    for reader in readers.READERS.values():
        shares = []
        for seed in range(10):
            features, labels, groups = patients(seed)
            assert reader(features, labels, weights, once).all()  # what mates would tell
            shares.append(float(reader(features, labels, weights, once, groups).double().mean()))
        assert 0.3 < np.mean(shares) < 0.6


def test_knowing_patients_beats_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "DRAWS", 100)
    features, labels, groups = patients(0)
    noise = torch.randn(100, 32, generator=torch.manual_seed(1))
    seen = {"simclr": [features], "byol": [noise]}
    chances_ = torch.ones(100, dtype=torch.float64)
    alone = ranking.ranked(contestants(*seen), seen, labels, chances_)
    assert "beats BYOL" in sentences.of(alone, 100, 2)[0]
    found = ranking.ranked(contestants(*seen), seen, labels, chances_, groups)
    *lines, _, how = sentences.of(found, 100, 2)
    assert found["groups"] == 20
    assert all("cannot be told apart" in line for line in lines)
    assert "a bootstrap over 20 groups of labelled pictures" in how
    assert "judged by those of other groups" in how


def test_a_picture_that_is_its_own_group_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "DRAWS", 50)
    features, labels = points(40, apart=2.0, seed=0)
    given = (contestants("simclr"), {"simclr": [features]}, labels, torch.ones(40).double())
    assert ranking.ranked(*given, torch.arange(40)) == ranking.ranked(*given)


def test_intervals_draw_groups_whose_pictures_are_right_or_wrong_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two that are as good as each other: told apart in about 5 % of cases; by pictures alone, in a fifth."""
    for room in (bootstrap, ranking):
        monkeypatch.setattr(room, "REPLICATES", 500)
    monkeypatch.setattr(ranking, "DRAWS", 60)
    monkeypatch.setattr(ranking, "READERS", {"linear": readers.linear})
    pictures, surely, forgetful = ranking.bootstraps(60), [], []
    for seed in range(40):
        _, labels, groups = patients(seed, count=6, each=10)
        ours, theirs = (patients(100 + 2 * seed + i, count=6, each=10)[0] for i in range(2))
        features = {"simclr": [ours], "byol": [theirs]}
        found = ranking.ranked(contestants(*features), features, labels, ONCE[0], groups)
        (told,) = found["differences"]
        reads = [
            ranking.read(readers.linear, own, labels, ONCE[0], pictures, groups)
            for own in features.values()
        ]
        plain = ranking.interval(ONCE[0], (1, reads[0]), (-1, reads[1]))
        surely.append(told["p"] < 0.05)
        forgetful.append(plain.p < 0.05)
    assert np.mean(surely) <= 0.1
    assert np.mean(forgetful) > np.mean(surely) + 0.1


# Ranking ------------------------------------------------------------------------------------------


ONCE = torch.ones(1, 60, dtype=torch.float64)


@pytest.fixture(scope="module")
def pictures() -> tuple[Tensor, Tensor, Tensor]:
    """600 pictures as a better and a worse contestant see them, and their classes; the first 200 are hard."""
    good, labels = points(600, apart=2.5, seed=0)
    good[:200] += 2.0 * torch.randn(200, 3, generator=torch.manual_seed(5))
    return good, good + 1.2 * torch.randn(600, 3, generator=torch.manual_seed(6)), labels


@pytest.fixture(scope="module")
def truth(pictures: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """The accuracies of both that 60 labels have on average, if all pictures are as likely to be drawn."""
    *seen, labels = pictures
    found = []
    for seed in range(100):
        rows = torch.from_numpy(np.random.default_rng(seed).choice(600, 60, replace=False))
        right = [readers.linear(each[rows], labels[rows], ONCE[0], ONCE) for each in seen]
        found.append([float(each.double().mean()) for each in right])
    return torch.tensor(found).mean(0)


def test_weights_take_back_what_the_drawing_favoured(
    pictures: tuple[Tensor, Tensor, Tensor], truth: Tensor
) -> None:
    good, _, labels = pictures
    given = chances.chances(torch.cat([torch.ones(200), torch.zeros(400)]), 60)
    raw, weighted = [], []
    for seed in range(60):
        rows = chances.draw(given, seed=seed)
        once = readers.linear(good[rows], labels[rows], ONCE[0], ONCE)
        raw.append(float(once.double().mean()))
        read = ranking.read(readers.linear, [good[rows]], labels[rows], 1 / given[rows], ONCE)
        weighted.append(float(read.values[0]))
    assert np.mean(raw) < float(truth[0]) - 0.06
    assert np.mean(weighted) == pytest.approx(float(truth[0]), abs=0.03)


def test_intervals_hold_the_truth_and_one_that_forgets_the_teachers_holds_it_less(
    pictures: tuple[Tensor, Tensor, Tensor], truth: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (bootstrap, ranking):
        monkeypatch.setattr(room, "REPLICATES", 500)
    monkeypatch.setattr(ranking, "DRAWS", 60)
    *seen, labels = pictures
    gap, drawn = float(truth[0] - truth[1]), ranking.bootstraps(60)
    given = chances.chances(torch.ones(600), 60)
    held, forgetful = [], []
    for seed in range(60):
        rows = chances.draw(given, seed=seed)
        reads = [
            ranking.read(readers.linear, [each[rows]], labels[rows], 1 / given[rows], drawn)
            for each in seen
        ]
        found = ranking.interval(1 / given[rows], (1, reads[0]), (-1, reads[1]))
        held.append(found.low <= gap <= found.high)
        right = [readers.linear(each[rows], labels[rows], ONCE[0], ONCE).numpy() for each in seen]
        plain = bootstrap.difference(*right)
        forgetful.append(plain.low <= gap <= plain.high)
    assert np.mean(held) >= 0.9
    assert np.mean(forgetful) < np.mean(held)


def contestants(*names: str, seeds: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "contestant": name,
            "family": "baselines" if name in ("pixels", "untrained") else "metric_learning",
            "encoder": None if name == "pixels" else "resnet_tiny",
            "sees_labels": False,
            "seeds": None if name == "pixels" else seeds,
        }
        for name in names
    ]


def test_a_ranking_says_no_more_than_the_labels_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "DRAWS", 100)
    good, labels = points(80, apart=4.0, seed=0)
    nearly = good + 0.1 * torch.randn(80, 3, generator=torch.manual_seed(1))
    noise = torch.randn(80, 3, generator=torch.manual_seed(2))
    features = {"simclr": [good], "vicreg": [nearly], "byol": [noise], "pixels": [noise]}
    found = ranking.ranked(
        contestants(*features), features, labels, torch.full((80,), 0.5, dtype=torch.float64)
    )
    ranks = {line["contestant"]: line["ranks"].get("linear") for line in found["summary"]}
    assert ranks == {"simclr": [1, 2], "vicreg": [1, 2], "byol": [3, 3], "pixels": None}
    assert len(found["differences"]) == 2 * (3 + 3)
    for each in found["differences"]:
        assert each["p_corrected"] >= each["p"]
    first, *_, least, how = sentences.of(found, 80, 3)
    assert "beats BYOL and Raw pixels, cannot be told apart from" in first
    assert f"under about {100 * found['least']['linear']:.0f} points cannot be told" in least
    assert "corrected for 6 comparisons" in how
    assert "With one seed this is about these encoders" in how
    assert found == ranking.ranked(
        contestants(*features), features, labels, torch.full((80,), 0.5, dtype=torch.float64)
    )


def test_seeds_that_differ_widen_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "DRAWS", 60)
    good, labels = points(60, apart=3.0, seed=0)
    poor = good + 3 * torch.randn(60, 3, generator=torch.manual_seed(1))
    weights, drawn = ONCE[0], ranking.bootstraps(60)

    def width(*seeds: Tensor) -> float:
        found = ranking.interval(
            weights, (1, ranking.read(readers.linear, seeds, labels, weights, drawn))
        )
        return found.high - found.low

    assert width(good, poor, good) > 1.5 * width(good, good, good)


def test_three_seeds_of_one_do_not_vouch_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "DRAWS", 60)
    good, labels = points(60, apart=4.0, seed=0)
    noise = [torch.randn(60, 3, generator=torch.manual_seed(seed)) for seed in range(1, 4)]
    features = {"simclr": [good] * 3, "vicreg": noise, "byol": noise[:1], "pixels": noise[:1]}
    lines = contestants(*features)
    for line in lines:
        line["seeds"] = None if line["seeds"] is None else len(features[line["contestant"]])
    found = ranking.ranked(lines, features, labels, torch.full((60,), 0.5, dtype=torch.float64))
    assert found["seeds"] == 1
    *told, _, how = sentences.of(found, 60, 3)
    (simclr,) = [sentence for sentence in told if sentence.startswith("SimCLR")]
    assert "beats VICReg and Raw pixels, cannot be compared with BYOL" in simclr
    assert simclr.endswith("where one of the two has under three finished seeds.")
    (byol,) = [sentence for sentence in told if sentence.startswith("BYOL")]
    assert not any(word in byol for word in ("beats", "stays behind", "told apart"))
    assert "corrected for 3 comparisons" in how  # those with BYOL are not made
    assert "With one seed this is about these encoders" in how


def test_a_baseline_that_no_seed_changes_counts_as_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "DRAWS", 60)
    good, labels = points(60, apart=4.0, seed=0)
    features = {
        "simclr": [good] * 3,
        "pixels": [torch.randn(60, 3, generator=torch.manual_seed(1))],
    }
    given = torch.full((60,), 0.5, dtype=torch.float64)
    found = ranking.ranked(contestants(*features, seeds=3), features, labels, given)
    first, _, how = sentences.of(found, 60, 3)
    assert "beats Raw pixels" in first
    assert "about these encoders" not in how


def test_methods_on_two_encoders_are_not_held_against_each_other() -> None:
    lines = contestants("simclr", "byol", "pixels", "untrained")
    lines[1]["encoder"] = "resnet18"
    assert ranking.pairs(lines) == [
        ("resnet_tiny", "simclr", "pixels"),
        ("resnet_tiny", "simclr", "untrained"),
        ("resnet18", "byol", "pixels"),
    ]


# Answers ------------------------------------------------------------------------------------------


@pytest.fixture
def answered(tmp_path: Path) -> Callable[..., answers.Answers]:
    def read(*lines: str, head: str = "file,label", mark: str = "utf-8") -> answers.Answers:
        path = tmp_path / "labels.csv"
        path.write_bytes("\r\n".join([head, *lines]).encode(mark))
        return answers.read(path, SHEET, tmp_path)

    return read


def given(*labels: str, apart: str = ",") -> list[str]:
    return [f"{file}{apart}{label}" for file, label in zip(SHEET, labels, strict=False)]


def test_a_spreadsheets_file_is_read_as_the_pages_is(answered: Any) -> None:
    lines = given(*["cat", " dog "] * 12, "?", apart=";")
    found = answered(*lines, head="File;Label", mark="utf-8-sig")
    assert found.classes == ["cat", "dog"]
    assert len(found.labels) == 24
    assert found.nobody == (SHEET[24],)
    (note,) = found.notes
    assert note.startswith("6 of 30 pictures have no label, 1 of them because nobody can tell")


def test_labels_that_need_a_look_are_told_of(answered: Any) -> None:
    found = answered(*given(*["cat", "dog"] * 14, "Cat", "heron"))
    assert any("'Cat' and 'cat' are taken for 2 classes" in note for note in found.notes)
    (alone,) = [note for note in found.notes if "one picture" in note]
    assert alone.startswith("2 classes have one picture ('Cat', 'heron')")


REFUSED: dict[str, tuple[list[str], str]] = {
    "19 labels, and under 20": (given(*["cat", "dog"] * 9, "cat"), "file,label"),
    "all 30 labels of .* are 'cat'": (given(*["cat"] * 30), "file,label"),
    "belong to another comparison": (["dogs/1.png,dog"], "file,label"),
    "1 files that are not on the sheet .*did you mean 'cats/3.png'": (
        [*given(*["cat", "dog"] * 15), "cats/33.png,cat"],
        "file,label",
    ),
    "both 'cat' and 'dog'": ([*given("cat"), *given("dog")], "file,label"),
    "have the columns name, label; expected 'file' and 'label'": (given("cat"), "name,label"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_labels_that_cannot_be_used_are_refused(answered: Any, sentence: str) -> None:
    lines, head = REFUSED[sentence]
    with pytest.raises(Refusal, match=sentence):
        answered(*lines, head=head)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="there is no file"):
        answers.read(tmp_path / "labels.csv", SHEET, tmp_path)
