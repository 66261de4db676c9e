"""Places: the best and the worst that tests of pairs leave open."""

from typing import Any

from selftaught.comparison.claims import comparisons
from selftaught.reports.contestants import Comparison, Contestant, RunFolder
from selftaught.reports.ranking import beats, places, written


def contestant(name: str, values: list[float], **row: Any) -> Contestant:
    results = [{"results": {"linear": {"accuracy": v}}, "encoder": "resnet"} | row for v in values]
    return Contestant(name, "metric_learning", [RunFolder(row=each) for each in results], {})


def differences(*lines: tuple[str, str, float, float]) -> dict[str, Any]:
    """What a comparison says of pairs: ours, theirs, gap and corrected p."""
    keys = ("ours", "theirs", "gap", "p_corrected")
    return {
        "differences": [
            {"protocol": "linear"} | dict(zip(keys, line, strict=True)) for line in lines
        ]
    }


def test_who_cannot_be_told_apart_shares_places() -> None:
    near = [contestant("a", [0.60, 0.66, 0.63]), contestant("b", [0.61, 0.58, 0.65])]
    far = contestant("c", [0.30, 0.31, 0.29])
    facts = differences(("a", "b", 0.02, 0.6), ("a", "c", 0.3, 0.001), ("c", "b", -0.3, 0.002))
    found = places(Comparison(facts, [*near, far], None), "linear")
    assert found == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}
    assert [written(found[name]) for name in "abc"] == ["1–2", "1–2", "3"]
    assert written(None) == ""


def test_whom_nobody_is_seen_to_beat_is_not_put_before_a_higher_mean() -> None:
    """Seeds far apart: c, of the lowest mean, cannot be told from a, which beats b."""
    entrants = [
        contestant("a", [0.80, 0.81, 0.79]),
        contestant("b", [0.66, 0.67, 0.65]),
        contestant("c", [0.40, 0.60, 0.80]),
    ]
    facts = differences(("a", "b", 0.14, 0.01), ("a", "c", 0.20, 0.3), ("b", "c", 0.06, 0.8))
    found = places(Comparison(facts, entrants, None), "linear")
    assert found == {"a": (1, 2), "b": (2, 3), "c": (1, 3)}


def test_under_three_seeds_nobody_has_a_rank() -> None:
    pair = [contestant("a", [0.9, 0.9]), contestant("b", [0.1, 0.1])]
    assert places(Comparison({}, pair, None), "linear") == {}


def test_baselines_and_those_who_see_labels_are_not_ranked() -> None:
    base = Contestant("pixels", "baselines", contestant("", [0.99] * 3).runs, {})
    told = contestant("supcon", [0.99, 0.98, 0.97], sees_labels=True)
    found = places(Comparison({}, [contestant("a", [0.5, 0.51, 0.52]), told, base], None), "linear")
    assert found == {"a": (1, 1)}


def test_places_are_given_within_one_encoder() -> None:
    small = contestant("a", [0.3, 0.31, 0.32])
    large = contestant("b", [0.8, 0.81, 0.82], encoder="vit")
    facts = differences(("b", "a", 0.5, 0.001))
    found = places(Comparison(facts, [small, large], None), "linear")
    assert found == {"a": (1, 1), "b": (1, 1)}


def test_the_comparison_s_own_word_holds_where_it_gave_one() -> None:
    a, b = contestant("a", [0.60, 0.66, 0.63]), contestant("b", [0.3, 0.31, 0.32])
    line = {"protocol": "linear", "ours": "b", "theirs": "a", "gap": -0.3, "p_corrected": 0.2}
    assert not beats(a, b, "linear", {}), "what was not tested is not claimed"
    assert not beats(a, b, "linear", {"differences": [line]})
    sure = {"differences": [line | {"p_corrected": 0.001}]}
    assert beats(a, b, "linear", sure)
    assert not beats(b, a, "linear", sure)
    assert beats(a, b, "knn", {"differences": [line]}) is False
    assert not beats(a, b, "linear", {"differences": [line | {"gap": None}]})


def test_less_may_be_better() -> None:
    a, b = contestant("a", [0.1, 0.11, 0.12]), contestant("b", [0.3, 0.31, 0.32])
    facts = differences(("a", "b", -0.2, 0.001))
    assert beats(a, b, "linear", facts, higher=False)
    assert not beats(b, a, "linear", facts, higher=False)


def test_the_page_ranks_by_what_the_comparison_wrote() -> None:
    """The very keys of ``comparison.json``: neighbours that cannot be told apart share their places."""
    values = {"a": [0.60, 0.66, 0.63], "b": [0.53, 0.57, 0.56], "c": [0.52, 0.57, 0.545]}
    summary = [
        {
            "contestant": name,
            "method": name,
            "family": "metric_learning",
            "encoder": "resnet",
            "sees_labels": False,
            "seeds": 3,
            "results": {"linear": {"mean": sum(own) / 3}},
            "values": {"linear": own},
        }
        for name, own in values.items()
    ]
    found = comparisons(summary, 3)
    assert {(each["ours"], each["theirs"]) for each in found} == {
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    }
    assert all(each["p_corrected"] > 0.05 for each in found)
    entrants = [contestant(name, own) for name, own in values.items()]
    doubtful = places(Comparison({"differences": found}, entrants, None), "linear")
    assert set(doubtful.values()) == {(1, 3)}
    for each in found:
        each["p_corrected"] = 0.01
    sure = places(Comparison({"differences": found}, entrants, None), "linear")
    assert sure == {"a": (1, 1), "b": (2, 2), "c": (3, 3)}
