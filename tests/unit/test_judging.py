"""Protocols' parameters: what they are, what is refused, and what makes a number another number."""

import pytest

from selftaught import catalogue, config, judging
from selftaught.errors import Refusal


def test_parameters_are_the_published_ones_with_what_was_changed() -> None:
    found = judging.resolve(["knn", "linear"], {"knn": {"k": 7, "also": [3, 5]}})
    assert found["knn"] == {**catalogue.protocol("knn").defaults(), "k": 7, "also": (3, 5)}
    assert judging.parameters("knn", {"also": 3})["also"] == (3,), "one of several needs no comma"
    assert found["linear"] == catalogue.protocol("linear").defaults()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("knn.kk", 3, "knn has no parameter 'knn.kk'; did you mean 'knn.k'"),
        ("knn.k", 0, "knn.k=0 cannot be used: input should be greater"),
        ("knn.temperature", "warm", "knn.temperature='warm' cannot be used"),
        ("knm.k", 3, "did you mean 'knn.k'"),
        ("temperature", 3, "did you mean 'knn.temperature'"),
        ("knn", 3, "has a parameter 'knn'; did you mean 'knn.k'"),
        ("linear.strengths", [], "linear.strengths=\\[\\] cannot be used"),
    ],
)
def test_a_mistake_is_answered_with_the_nearest(key: str, value: object, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        judging.resolve(["knn", "linear"], judging.only({key: value}, ["knn", "linear"]))


def test_parameters_of_a_protocol_that_was_not_asked_for_are_refused() -> None:
    with pytest.raises(Refusal, match="give --protocols linear,knn"):
        judging.resolve(["linear"], {"knn": {"k": 3}})


def test_keys_of_protocols_are_set_apart_from_those_of_runs() -> None:
    given = {"knn.k": 3, "optimiser.rate": 0.1, "batch": 8, "knn.temperature": 0.2}
    changes, rest = judging.apart(given)
    assert changes == {"knn": {"k": 3, "temperature": 0.2}}
    assert rest == {"optimiser.rate": 0.1, "batch": 8}
    with pytest.raises(Refusal, match=r"no 'knm' that 'knm\.k' could set; did you mean 'knn'"):
        judging.apart({"knm.k": 3})
    with pytest.raises(Refusal, match="'knn'"):
        judging.apart({"knn": 3})


def test_no_protocol_has_the_name_of_a_branch_of_a_run() -> None:
    assert not set(catalogue.protocols()) & set(config.Run.model_fields)


def test_a_number_is_there_already_only_with_the_same_parameters() -> None:
    published = catalogue.protocol("knn").defaults()
    found = {"accuracy": 0.5, **judging.written("knn", {**published, "k": 7})}
    assert found["changed"] == {"k": 7}
    assert found["parameters"]["also"] == list(published["also"])
    assert judging.same("knn", found, {**published, "k": 7})
    assert not judging.same("knn", found, published)
    assert "changed" not in judging.written("knn", published)


def test_a_number_of_a_version_without_parameters_was_read_with_the_published_ones() -> None:
    published = catalogue.protocol("knn").defaults()
    assert judging.same("knn", {"accuracy": 0.5, "k": 20}, published)
    assert not judging.same("knn", {"accuracy": 0.5, "k": 20}, {**published, "k": 7})
