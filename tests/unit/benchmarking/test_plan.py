"""Mistakes are answered before torch is loaded."""

import pytest

from selftaught.benchmarking import PEERS, plan
from selftaught.errors import Refusal


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"contestants": []}, "name one method or more"),
        ({"contestants": ["simclrr"]}, "did you mean 'simclr'?"),
        ({"contestants": ["untrained"]}, "not trained step by step"),
        ({"contestants": ["simclr:temprature=1"]}, "did you mean 'temperature'?"),
        ({"repeats": 0}, "--repeats 0 measures nothing"),
        ({"peak_tflops": -1.0}, "should be above 0"),
        ({"against": ["lightyl"]}, "did you mean 'lightly'?"),
    ],
)
def test_a_mistake_gets_a_sentence(given: dict[str, object], words: str) -> None:
    with pytest.raises(Refusal, match=words.replace("?", r"\?")):
        plan(**{"contestants": ["simclr"], "data": "random", **given})


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_that_is_not_installed_is_named_with_how_to_install_it(
    peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PEERS, peer, "a_package_that_is_not_there")
    with pytest.raises(Refusal, match=f"--against {peer}: it is not installed here; pip install"):
        plan(["simclr"], data="random", against=[peer])


def test_noise_is_taught_by_the_recipes_of_cifar10() -> None:
    found = plan(["simclr", "simclr", "byol:momentum=0,0"], data="random", overrides={"batch": 8})
    assert found.noise
    assert [text for text, _ in found.contestants] == ["simclr", "byol:momentum=0,0"]
    assert {run.data.name for _, run in found.contestants} == {"cifar10"}
    assert {run.batch for _, run in found.contestants} == {8}
