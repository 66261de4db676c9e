"""What may be said: nothing but the values under three seeds, and what the intervals carry from three on."""

import json
from typing import Any

import pytest

from selftaught import catalogue
from selftaught.comparison import claims as of
from selftaught.comparison import table
from selftaught.measures import Measure

FAMILIES = {
    "simclr": "metric_learning",
    "byol": "self_distillation",
    "vicreg": "canonical_correlation",
}


def rows(error: str | None = None, **values: list[float]) -> list[dict[str, Any]]:
    """A row a seed, as a finished comparison has them."""
    return [
        {
            "contestant": name,
            "method": name,
            "family": FAMILIES.get(name, "baselines"),
            "sees_labels": name == "supervised",
            "encoder": "resnet_tiny",
            "seed": seed,
            "results": {"linear": {"accuracy": value}, "knn": {"accuracy": value / 2}},
            "seconds": 10.0 + seed,
            "pictures_per_second": None,
            "pictures_seen": 100,
            "pixels_seen": 204_800,
            "tuning_trials": 3,
            "peak_memory_bytes": 5,
            "verdict": "learning",
            "verdict_text": "It learns.",
            "error": error,
        }
        for name, own in values.items()
        for seed, value in enumerate(own)
    ]


def claims(seeds: int, **values: list[float]) -> list[str]:
    return said(table.summarise(rows(None, **values)), seeds)


def said(summary: list[dict[str, Any]], seeds: int) -> list[str]:
    """The sentences on differences; the last one, on how they were worked out, is tested by itself."""
    every = of.sentences(summary, seeds, of.comparisons(summary, seeds))
    return [each for each in every if not each.startswith("Intervals and probabilities")]


def test_under_three_seeds_only_these_runs_are_spoken_of() -> None:
    for seeds, words in ((1, "one seed"), (2, "2 seeds")):
        (sentence,) = claims(seeds, simclr=[0.6] * seeds, byol=[0.7] * seeds, untrained=[0.3])
        assert sentence.startswith(f"In these runs ({words})")
        assert "BYOL 70.0%, SimCLR 60.0%" in sentence
        assert "no claim" in sentence
        assert "beats" not in sentence


def test_from_three_seeds_on_a_difference_is_claimed_with_its_interval() -> None:
    sentences = claims(
        3, simclr=[0.60, 0.61, 0.62], byol=[0.70, 0.71, 0.72], untrained=[0.3, 0.31, 0.32]
    )
    assert sentences[0] == (
        "BYOL beats SimCLR: +10.0 points of linear accuracy, 95 % interval +7.7 to +12.3; "
        "virtually certain (over 99.9 %) to be the better."
    )
    assert len(sentences) == 3
    assert sentences[1].startswith("BYOL beats Untrained: +40.0 points")


def test_what_lies_within_the_interval_is_not_claimed() -> None:
    (sentence,) = claims(3, simclr=[0.5, 0.6, 0.7], byol=[0.52, 0.63, 0.71])
    assert sentence.startswith("BYOL and SimCLR cannot be told apart: +2.0 points")
    assert "beats" not in sentence


def test_a_method_behind_a_baseline_is_said_to_be() -> None:
    sentences = claims(3, simclr=[0.5, 0.51, 0.52], random_patches=[0.6, 0.61, 0.62])
    assert sentences[0].startswith("SimCLR stays behind Random patches: -10.0 points")


@pytest.mark.parametrize(("value", "words"), [(0.5, "+0.0 points"), (0.7, "+20.0 points")])
def test_seeds_that_agree_to_the_last_digit_make_a_sentence(value: float, words: str) -> None:
    (sentence,) = claims(3, byol=[value] * 3, simclr=[0.5] * 3)
    assert sentence.startswith(f"BYOL and SimCLR cannot be told apart: {words}")
    assert ("in every seed" in sentence) == (value != 0.5)
    assert "nan" not in sentence


def test_a_contestant_with_too_few_finished_seeds_is_not_ranked() -> None:
    finished = rows(simclr=[0.6, 0.61, 0.62], byol=[0.7, 0.71])
    broken = [{**row, "seed": 2} for row in rows("no memory", byol=[0.9])]
    summary = table.summarise([*finished, *broken])
    assert [(line["seeds"], line["failed"]) for line in summary] == [(3, 0), (2, 1)]
    (sentence,) = said(summary, 3)
    assert sentence == (
        "BYOL is compared with nobody: it has 2 finished seeds of 3, and a claim needs three."
    )


def test_nothing_is_claimed_of_baselines_alone_or_without_a_probe() -> None:
    assert claims(3, untrained=[0.3] * 3, supervised=[0.9] * 3) == []
    summary = table.summarise([{**row, "results": {}} for row in rows(simclr=[0.1] * 3)])
    assert said(summary, 3) == []


def test_supervised_sees_labels_and_is_no_rival() -> None:
    sentences = claims(3, simclr=[0.6, 0.61, 0.62], supervised=[0.9, 0.91, 0.92])
    assert not any("supervised" in sentence for sentence in sentences)


def on(encoder: str | None, **values: list[float]) -> list[dict[str, Any]]:
    """The rows of contestants on another encoder, which their names say."""
    changed = []
    for row in rows(None, **values):
        name = f"{row['method']}:encoder.name={encoder}" if encoder else row["method"]
        changed.append({**row, "contestant": name, "encoder": encoder})
    return changed


def test_methods_are_ranked_within_one_encoder_and_never_across() -> None:
    every = [
        *rows(simclr=[0.60, 0.61, 0.62], byol=[0.70, 0.71, 0.72], untrained=[0.3, 0.31, 0.32]),
        *on("vit_micro", vicreg=[0.80, 0.81, 0.82], untrained=[0.4, 0.41, 0.42]),
        *on(None, random_patches=[0.5, 0.51, 0.52]),
    ]
    sentences = said(table.summarise(every), 3)
    tiny = [each for each in sentences if each.startswith("resnet_tiny: ")]
    micro = [each for each in sentences if each.startswith("vit_micro: ")]
    assert len(sentences) == len(tiny) + len(micro) == 5 + 2
    assert not any("VICReg" in each for each in tiny)
    assert not any("SimCLR" in each or "BYOL" in each for each in micro)
    assert tiny[0].startswith("resnet_tiny: BYOL beats SimCLR: +10.0 points")
    # Both are held against the baseline that has an encoder of its own, and each against its own start.
    assert [sum("Random patches" in each for each in own) for own in (tiny, micro)] == [2, 1]
    assert sum("Untrained" in each and "+40.0" in each for each in micro) == 1


def test_under_three_seeds_each_encoder_has_a_sentence_of_its_own() -> None:
    every = [*rows(simclr=[0.6], byol=[0.7]), *on("vit_micro", vicreg=[0.8])]
    tiny, micro = said(table.summarise(every), 1)
    assert tiny.startswith(
        "resnet_tiny: In these runs (one seed), linear accuracy: BYOL 70.0%, Sim"
    )
    assert "VICReg" not in tiny
    assert micro.startswith("vit_micro: In these runs")
    assert "80.0%" in micro


def test_an_encoder_is_not_named_where_there_is_only_one() -> None:
    every = [*rows(simclr=[0.6]), *on(None, pixels=[0.3])]
    (sentence,) = said(table.summarise(every), 1)
    assert sentence.startswith("In these runs")


def test_the_summary_is_over_seeds_and_fits_into_json() -> None:
    (line,) = table.summarise(rows(simclr=[0.5, 0.6, 0.7]))
    assert line["values"]["linear"] == [0.5, 0.6, 0.7]
    assert line["results"]["linear"]["mean"] == pytest.approx(0.6)
    assert line["seconds"] == pytest.approx(11)
    assert line["pictures_per_second"] is None
    json.dumps(line, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0.7, "Above random patches in this run (70.0% against 60.0% linear)."),
        (0.5, "Not above random patches in this run (50.0% against 60.0% linear)."),
    ],
)
def test_the_bar_of_random_patches_is_in_the_verdict(value: float, sentence: str) -> None:
    every = rows(simclr=[value], random_patches=[0.55, 0.65], supervised=[0.9])
    summary = table.summarise(every)
    judged = [table._against_the_bar(row, summary) for row in every]
    assert judged[0]["verdict_text"] == f"It learns. {sentence}"
    assert judged[0]["verdict"] == "learning"
    assert all(row["verdict_text"] == "It learns." for row in judged[1:])


def test_without_random_patches_there_is_no_such_sentence() -> None:
    every = rows(simclr=[0.5])
    (row,) = (table._against_the_bar(row, table.summarise(every)) for row in every)
    assert row["verdict_text"] == "It learns."


def test_scores_are_one_line() -> None:
    (row,) = rows(simclr=[0.5])
    assert table.scores(row) == "linear 50.0%, knn 25.0%, 10 s"


def measured(name: str, measure: str, **values: list[float]) -> list[dict[str, Any]]:
    """Rows that were read by one protocol, whose measure is no accuracy."""
    return [
        {
            **row,
            "results": {name: {"measure": measure, measure: row["results"]["linear"]["accuracy"]}},
        }
        for row in rows(None, **values)
    ]


def test_of_a_measure_where_less_is_better_the_lower_one_is_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = Measure("error", share=False, higher=False)
    monkeypatch.setattr(catalogue, "measure", lambda name, result: error)
    summary = table.summarise(
        measured("mistakes", "error", simclr=[3.0, 3.1, 3.2], byol=[1.0, 1.1, 1.2])
    )
    assert summary[0]["results"]["mistakes"]["mean"] == pytest.approx(3.1)
    assert summary[0]["results"]["mistakes"]["interval"][1] > 1, (
        "not an accuracy: it may leave [0, 1]"
    )
    (sentence,) = said(summary, 3)
    assert sentence.startswith("BYOL beats SimCLR: -2 in mistakes error, 95 % interval")


def test_a_measure_without_a_better_way_ranks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    rank = Measure("rank", share=False, higher=None)
    monkeypatch.setattr(catalogue, "measure", lambda name, result: rank)
    summary = table.summarise(measured("spread", "rank", simclr=[3.0] * 3, byol=[1.0] * 3))
    assert said(summary, 3) == []
    assert summary[1]["values"] == {"spread": [1.0] * 3}


def test_claims_are_of_linear_accuracy_where_it_was_read() -> None:
    assert of.claimed(table.summarise(rows(None, simclr=[0.6]))) == "linear"
