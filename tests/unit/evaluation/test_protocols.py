"""Who teaches, who chooses and who is reported on; and what is refused."""

import dataclasses
import json

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from selftaught import catalogue, judging
from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder
from selftaught.encoders.pixels import Pixels
from selftaught.errors import Refusal
from selftaught.evaluation import evaluate, knn, linear, names, protocols
from selftaught.evaluation.protocols import check, hold_back
from selftaught.evaluation.results import Pool, Result, Subject, curve
from selftaught.measures import Measure

CLASSES = ("ant", "bee", "cat")


def source(n: int, seed: int, labels: Tensor | None = None) -> Resident:
    """Noise around three grey tones, 2 x 2 pixels."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randint(3, (n,), generator=generator)
    noise = torch.randint(-60, 61, (n, 1, 2, 2), generator=generator)
    pictures = (100 + 30 * truth[:, None, None, None] + noise).clamp(0, 255).to(torch.uint8)
    return Resident(pictures, truth if labels is None else labels)


def splits(**changes: object) -> Splits:
    built = Splits(
        name="insects",
        train=source(300, 1),
        validation=source(90, 2),
        test=source(120, 3),
        classes=CLASSES,
        size=2,
        mean=(0.5,),
        std=(0.2,),
    )
    return dataclasses.replace(built, **changes)


class Counting(Encoder):
    """Raw pixels, and how many it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.dim = 4
        self.seen = 0

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        self.seen += len(pictures)
        return pictures.flatten(1)


def raw(*sources: Resident) -> tuple[Tensor, Tensor]:
    pictures = torch.cat([s.pictures for s in sources])
    return ((pictures / 255 - 0.5) / 0.2).flatten(1), torch.cat([s.labels for s in sources])


def test_protocols_are_found_in_the_folder() -> None:
    assert {"knn", "linear"} <= set(names())
    assert "features" not in names() and "results" not in names()


def test_on_test_the_bank_is_train_and_validation_and_validation_chooses() -> None:
    data = splits()
    found = evaluate(Pixels(channels=1, size=2), data, split="test")
    bank, labels = raw(data.train, data.validation)
    queries, answers = raw(data.test)
    near, probe = found.results["knn"], found.results["linear"]
    expected = knn.classify(queries, bank, labels, classes=3)
    assert torch.equal(near.predictions, expected)
    assert near.value == pytest.approx((expected == answers).double().mean().item())
    assert near.settings["bank"] == "train + validation"
    assert near.settings["pictures"] == {"bank": 390, "queries": 120}

    scores = {
        p.l2: int((p.predict(bank[300:]) == labels[300:]).sum())
        for p in linear.path(bank[:300], labels[:300], classes=3)
    }
    best = max(scores, key=lambda l2: (scores[l2], l2))
    assert probe.settings["l2"] == best
    assert probe.settings["chosen_on"] == "validation, having learnt from train"
    refitted = linear.fit(bank, labels, classes=3, l2=best)
    assert torch.equal(probe.predictions, refitted.predict(queries))
    assert 0.5 < probe.value < 0.95


def test_on_validation_the_bank_is_train_and_test_is_never_touched() -> None:
    data = splits(test=None)
    found = evaluate(Pixels(channels=1, size=2), data)
    bank, labels = raw(data.train)
    queries, _ = raw(data.validation)
    assert torch.equal(
        found.results["knn"].predictions, knn.classify(queries, bank, labels, classes=3)
    )
    settings = found.results["linear"].settings
    assert settings["chosen_on"] == "a tenth of train, held back"
    apart = int(hold_back(labels).sum())
    assert settings["pictures_when_choosing"] == {"fit": 300 - apart, "held": apart}
    refitted = linear.fit(bank, labels, classes=3, l2=settings["l2"])
    assert torch.equal(found.results["linear"].predictions, refitted.predict(queries))


def test_the_reported_pictures_have_no_say_in_what_is_chosen() -> None:
    data = splits()
    mislabelled = Resident(data.validation.pictures, data.validation.labels.flip(0))
    one = evaluate(Pixels(channels=1, size=2), data)
    other = evaluate(Pixels(channels=1, size=2), splits(validation=mislabelled))
    changed = {"accuracy_at_k"}
    for name in one.results:
        assert torch.equal(one.results[name].predictions, other.results[name].predictions)
        a, b = (e.results[name].settings for e in (one, other))
        assert {k: v for k, v in a.items() if k not in changed} == {
            k: v for k, v in b.items() if k not in changed
        }


@pytest.mark.parametrize(("split", "pictures"), [("validation", 390), ("test", 510)])
def test_each_picture_is_encoded_once_for_all_protocols(split: str, pictures: int) -> None:
    encoder = Counting()
    evaluate(encoder, splits(), split=split)
    assert encoder.seen == pictures


def test_features_come_back_for_maps_and_settings_go_to_json() -> None:
    data = splits()
    found = evaluate(Pixels(channels=1, size=2), data, split="test")
    features, labels = raw(data.test)
    torch.testing.assert_close(found.features, features)
    assert torch.equal(found.labels, labels)
    assert torch.equal(found.index, torch.arange(120))
    for result in found.results.values():
        assert json.loads(json.dumps(result.settings)) == result.settings
        assert result.settings["split"] == "test"


def test_pictures_without_a_label_neither_teach_nor_count() -> None:
    data = splits()
    holes = {
        name: Resident(
            getattr(data, name).pictures,
            getattr(data, name).labels.masked_fill(
                torch.arange(len(getattr(data, name))) % 4 == 0, -1
            ),
        )
        for name in ("train", "validation", "test")
    }
    whole = {name: s.subset((s.labels >= 0).nonzero().flatten()) for name, s in holes.items()}
    one = evaluate(Pixels(channels=1, size=2), splits(**holes), split="test")
    other = evaluate(Pixels(channels=1, size=2), splits(**whole), split="test")
    for name in one.results:
        assert torch.equal(one.results[name].predictions, other.results[name].predictions)
        assert one.results[name].settings == other.results[name].settings
    assert torch.equal(one.index, (holes["test"].labels >= 0).nonzero().flatten())


def refusal(data: Splits, **how: object) -> str:
    with pytest.raises(Refusal) as caught:
        evaluate(Pixels(channels=1, size=2), data, **how)
    return str(caught.value)


def test_refusals() -> None:
    bare = Resident(source(300, 1).pictures)
    said = refusal(splits(train=bare, validation=bare, test=bare), split="test")
    assert "needs labels" in said and "train and validation and test" in said
    assert "embedded" in said
    assert "needs labels" in refusal(splits(validation=bare))
    assert "did you mean 'linear'?" in refusal(splits(), protocols=("liner",))
    assert "No protocol was given" in refusal(splits(), protocols=())
    assert "no test pictures" in refusal(splits(test=None), split="test")
    one = [source(n, n, labels=torch.ones(n, dtype=torch.int64)) for n in (50, 20, 20)]
    assert "all of one" in refusal(splits(train=one[0], validation=one[1], test=one[2]))
    rare = source(300, 1).labels.clone()
    rare[rare == 1] = 0
    rare[7] = 1
    said = refusal(splits(train=source(300, 1, labels=rare)))
    assert "Class 'bee' of insects has 1 labelled training pictures" in said
    grouped = source(300, 1)
    grouped.groups = grouped.labels.clone()
    assert "at least two groups" in refusal(splits(train=grouped))
    with pytest.raises(Refusal, match="did you mean 'validation'"):
        check(splits(), "valid")


def test_labels_are_asked_for_before_a_picture_is_encoded() -> None:
    encoder = Counting()
    with pytest.raises(Refusal):
        evaluate(encoder, splits(test=Resident(source(20, 1).pictures)), split="test")
    assert encoder.seen == 0


def test_a_tenth_of_each_class_is_held_back() -> None:
    labels = torch.tensor([0] * 100 + [1] * 40 + [2] * 5 + [3])
    apart = hold_back(labels)
    assert torch.equal(labels[apart].bincount(minlength=4), torch.tensor([10, 4, 1, 0]))
    assert torch.equal(apart, hold_back(labels))


def test_a_group_is_held_back_whole() -> None:
    labels = torch.arange(200) % 2
    groups = torch.arange(200) // 20 * 7 + 1000 * labels  # ten groups of ten in each class
    apart = hold_back(labels, groups)
    assert int(apart.sum()) == 20  # one group of each class
    for g in groups.unique():
        assert len(apart[groups == g].unique()) == 1


def test_no_group_takes_the_last_pictures_of_a_class_along() -> None:
    """One patient of six has all the sick pictures, and a healthy one first."""
    labels = torch.zeros(60, dtype=torch.int64)
    groups = torch.arange(60) // 10
    for sick in range(6):
        own = labels.clone()
        own[10 * sick + 1 : 10 * sick + 10] = 1
        apart = hold_back(own, groups)
        assert int(apart.sum()) == 10 and not apart[own == 1].any()


def test_classes_that_are_one_group_each_are_refused_before_anything_is_encoded() -> None:
    train = source(40, 1)
    train.groups = train.labels
    assert "at least two groups" in refusal(splits(train=train))
    with pytest.raises(Refusal, match="at least two groups"):
        check(splits(train=train), "validation")
    check(splits(train=train), "test")  # where validation chooses, nothing is held back


def test_parameters_reach_their_protocol() -> None:
    data = splits()
    found = evaluate(
        Pixels(channels=1, size=2), data, protocols=["knn"], changes={"knn": {"k": 3, "also": [1]}}
    )
    bank, labels = raw(data.train)
    queries, _ = raw(data.validation)
    expected = knn.classify(queries, bank, labels, classes=3, k=3)
    assert torch.equal(found.results["knn"].predictions, expected)
    assert set(found.results["knn"].settings["accuracy_at_k"]) == {"3", "1"}
    assert "did you mean 'knn.k'" in refusal(data, protocols=["knn"], changes={"knn": {"kk": 3}})


class Probing:
    """A protocol that is given the encoder and the pictures, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: tuple[Pool, Subject] | None = None

    def __call__(self, pool: Pool, subject: Subject) -> Result:
        assert not subject.encoder.training
        self.given = (pool, subject)
        return Result.measured(pool, Measure("rank", share=False, higher=None), 3.0)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_subjects_pictures_are_the_pools_rows(
    split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = splits()
    labels = data.train.labels.masked_fill(torch.arange(300) % 4 == 0, -1)
    data = dataclasses.replace(data, train=Resident(data.train.pictures, labels))
    probing = Probing()
    entry = dataclasses.replace(catalogue.protocol("knn"), subject=True, parameters={})
    monkeypatch.setattr(catalogue, "protocol", lambda name: entry)
    monkeypatch.setattr(protocols, "find", lambda name: probing)
    monkeypatch.setattr(judging, "resolve", lambda names, changes: {"knn": {}})
    encoder = Counting()
    found = evaluate(encoder, data, split=split, protocols=["knn"])
    pool, subject = probing.given
    assert encoder.training, "the encoder's mode is as it was"
    for given, features, answers in (
        (subject.bank, pool.bank, pool.labels),
        (subject.queries, pool.queries, pool.answers),
    ):
        torch.testing.assert_close(subject.read(given).features, features)
        assert torch.equal(given.labels, answers)
    facts = found.results["knn"].facts()
    assert facts["measure"] == "rank" and facts["rank"] == 3.0 and facts["split"] == split
    assert "accuracy" not in facts and "curves" not in facts


def test_a_result_that_says_a_thing_twice_is_a_mistake() -> None:
    result = Result(value=0.5, settings={"k": 3}, scores={"k": 1.0})
    with pytest.raises(ValueError, match="'k'"):
        result.facts()
    with pytest.raises(ValueError, match="differ in length"):
        curve([1.0, 2.0], [1.0], across="a", up="b")


def test_every_result_is_told_as_soon_as_it_is_known() -> None:
    told = []
    evaluate(
        Pixels(channels=1, size=2),
        splits(),
        told=lambda name, found: told.append((name, [*found.results])),
    )
    assert told == [("knn", ["knn"]), ("linear", ["knn", "linear"])]


def test_a_protocol_that_the_pictures_cannot_carry_is_refused_or_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        knn, "suits", lambda splits, split, given: f"{given['k']} is odd.", raising=False
    )
    parameters = judging.resolve(["knn", "linear"])
    assert protocols.unsuited(splits(), "test", parameters) == {"knn": "20 is odd."}
    assert "knn cannot be carried out here: 20 is odd." in refusal(splits())
