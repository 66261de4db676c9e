"""Differences rest on what was said of each picture where it was kept, and say so where it was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from selftaught.comparison import bootstrap, claims, table
from selftaught.evaluation import predictions
from selftaught.reports.rows import MEASURED

PICTURES = 400


def answered(accuracy: float, seed: int) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(PICTURES) < accuracy


def a_row(
    directory: Path, name: str, seed: int, right: NDArray[np.bool_], *, kept: bool = True
) -> dict[str, Any]:
    """A finished run of a contestant, with its folder."""
    place = directory / name / f"seed-{seed}"
    place.mkdir(parents=True)
    if kept:
        answers = torch.zeros(PICTURES, dtype=torch.int64)
        given = {"linear": torch.from_numpy(~right).long()}
        predictions.keep(place, "test", torch.arange(PICTURES), answers, given)
    return {
        "contestant": name,
        "method": name,
        "family": "baselines" if name == "untrained" else "metric_learning",
        "sees_labels": False,
        "encoder": "resnet_tiny",
        "seed": seed,
        "folder": f"{name}/seed-{seed}",
        "results": {"linear": {"accuracy": float(right.mean())}},
        "tuning_trials": None,
        "error": None,
        **dict.fromkeys(MEASURED),
    }


def runs(directory: Path, *, kept: bool = True, **accuracies: float) -> list[dict[str, Any]]:
    return [
        a_row(directory, name, seed, answered(accuracy, 10 * number + seed), kept=kept)
        for number, (name, accuracy) in enumerate(accuracies.items())
        for seed in range(3)
    ]


def spoken(directory: Path, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    summary = table.summarise(rows)
    judged = {"linear": claims.judged(directory, "test", rows, "linear")}
    found = claims.comparisons(summary, 3, judged)
    return found, claims.sentences(summary, 3, found)


def test_seeds_and_pictures_are_drawn_together_where_predictions_were_kept(tmp_path: Path) -> None:
    rows = runs(tmp_path, simclr=0.8, byol=0.6, untrained=0.3)
    found, sentences = spoken(tmp_path, rows)
    assert [(each["ours"], each["theirs"]) for each in found] == [
        ("simclr", "byol"),
        ("simclr", "untrained"),
        ("byol", "untrained"),
    ]
    judged = claims.judged(tmp_path, "test", rows, "linear")
    straight = bootstrap.difference(judged.right["simclr"], judged.right["byol"])
    assert (found[0]["low"], found[0]["high"]) == (straight.low, straight.high)
    assert {each["by"] for each in found} == {"bootstrap"}
    assert all(each["interval"] == [each["low"], each["high"]] for each in found)
    assert sentences[0].startswith("SimCLR beats BYOL: +")
    assert "virtually certain" in sentences[0]
    assert "seeds and test pictures together" in sentences[-1]
    assert "3 comparisons (Holm)" in sentences[-1]


def test_older_runs_fall_back_to_seeds_alone_and_say_so(tmp_path: Path) -> None:
    found, sentences = spoken(tmp_path, runs(tmp_path, kept=False, simclr=0.8, byol=0.6))
    assert [each["by"] for each in found] == ["Welch"]
    assert "over seeds alone" in sentences[-1]
    assert "not kept" in sentences[-1]


def test_one_seed_without_its_predictions_leaves_its_contestant_out(tmp_path: Path) -> None:
    rows = runs(tmp_path, simclr=0.8, byol=0.6)
    (tmp_path / "byol" / "seed-1" / predictions.FILE).unlink()
    assert set(claims.judged(tmp_path, "test", rows, "linear").right) == {"simclr"}
    (tmp_path / "byol" / "seed-2" / predictions.FILE).write_bytes(b"half a fi")
    found, _ = spoken(tmp_path, rows)
    assert [each["by"] for each in found] == ["Welch"]


def test_what_many_comparisons_would_show_by_chance_is_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = runs(tmp_path, simclr=0.8, byol=0.6, vicreg=0.4, untrained=0.3)
    real = bootstrap.difference
    monkeypatch.setattr(
        bootstrap,
        "difference",
        lambda a, b, groups: type(real(a, b))(0.02, 0.001, 0.039, 0.98, 0.04, "bootstrap"),
    )
    found, sentences = spoken(tmp_path, rows)
    assert len(found) == 6, "every pair of methods, and each against the untrained network"
    assert all(each["p_corrected"] == pytest.approx(0.24) for each in found)
    assert "cannot be told apart once 6 comparisons are counted" in sentences[0]
    assert len(sentences) == 5 + 1, "of methods, neighbours are spoken of"
    assert "very likely (98 %)" in sentences[0]
    assert not any("beats" in sentence for sentence in sentences[:-1])


def test_who_lacks_seeds_does_not_come_between_two_who_have_them(tmp_path: Path) -> None:
    rows = runs(tmp_path, simclr=0.8, byol=0.6, vicreg=0.4)
    for row in rows:
        if row["contestant"] == "byol" and row["seed"]:
            row["error"] = "diverged"
    found, sentences = spoken(tmp_path, rows)
    assert [(each["ours"], each["theirs"]) for each in found] == [("simclr", "vicreg")]
    assert sentences[0].startswith("BYOL is compared with nobody: it has one finished seed of 3")
    assert sentences[1].startswith("SimCLR beats VICReg")


def test_answers_of_another_reading_are_not_those_of_the_number(tmp_path: Path) -> None:
    rows = runs(tmp_path, simclr=0.8, byol=0.6)
    rows[-1]["results"]["linear"]["accuracy"] += 0.1
    assert set(claims.judged(tmp_path, "test", rows, "linear").right) == {"simclr"}


def test_groups_widen_the_interval(tmp_path: Path) -> None:
    rows = runs(tmp_path, simclr=0.8, byol=0.7)
    (narrow,), _ = spoken(tmp_path, rows)
    for row in rows:
        place = tmp_path / row["folder"]
        zeros = torch.zeros(PICTURES, dtype=torch.int64)
        groups = torch.arange(PICTURES) // 100
        predictions.keep(place, "test", torch.arange(PICTURES), zeros, {}, groups)
    (wide,), sentences = spoken(tmp_path, rows)
    assert wide["high"] - wide["low"] != narrow["high"] - narrow["low"]
    assert "groups of test pictures" in sentences[-1]


def test_every_protocol_has_its_tests_and_one_is_spoken_of(tmp_path: Path) -> None:
    rows = runs(tmp_path, kept=False, simclr=0.8, byol=0.6, vicreg=0.4)
    for row in rows:
        row["results"]["knn"] = {"accuracy": row["results"]["linear"]["accuracy"] - 0.1}
    found, sentences = spoken(tmp_path, rows)
    assert [each["protocol"] for each in found] == ["linear"] * 3 + ["knn"] * 3
    assert not any("knn" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.9999, "virtually certain (over 99.9 %)"),
        (0.94, "very likely (94 %)"),
        (0.7, "likely (70 %)"),
        (0.5, "about as likely as not (50 %)"),
    ],
)
def test_probabilities_have_words(chance: float, words: str) -> None:
    assert claims._probability(chance) == words
