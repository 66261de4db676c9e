"""A study's sentences on planted numbers: yes, no, cannot be told, and no claim under three seeds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selftaught import catalogue, interface
from selftaught.comparison import plan, studies, table
from selftaught.comparison.compare import compare
from selftaught.comparison.studies.study import above_chance
from selftaught.data import Resident, Splits
from selftaught.errors import Refusal
from selftaught.reports.contestants import Comparison
from selftaught.reports.sections.study import section

LIED_TO = "supervised:noise=0.4"


def robust(
    corrupted: float, norm: float | None = 1.0, noisy: float = 0.5, clean: float = 0.9
) -> dict[str, Any]:
    """What the protocols say of one run."""
    found: dict[str, Any] = {
        "corrupted_accuracy": corrupted,
        "clean_accuracy": clean,
        "label_noise_0_accuracy": clean,
        "label_noise_40_accuracy": noisy,
    }
    if norm is not None:
        found["pgd_median_norm"] = norm
    return {"robustness": found, "label_noise": found, "linear": {"accuracy": clean}}


def rows(encoder: str = "resnet_tiny", **contestants: Sequence[dict[str, Any]]) -> list[Any]:
    """A row a seed; ``lied_to`` is the network that was taught with false labels."""
    return [
        {
            "contestant": LIED_TO if name == "lied_to" else name,
            "seed": seed,
            "encoder": encoder,
            "results": results,
            "error": None,
        }
        for name, own in contestants.items()
        for seed, results in enumerate(own)
    ]


def answers(name: str, given: list[Any], *contestants: str) -> list[dict[str, Any]]:
    asked = studies.Asked(name, contestants or ("simclr",))
    return studies.answer(asked, given, classes=10)["answers"]


def spread(middle: float, **more: float) -> list[dict[str, Any]]:
    """Three seeds around a corrupted accuracy."""
    return [robust(middle + shift, **more) for shift in (-0.01, 0.0, 0.01)]


def answered(name: str, given: list[Any], *contestants: str) -> list[Any]:
    found = answers(name, given, *contestants)
    return [finding["answer"] for answer in found for finding in answer["findings"]]


# Robustness ---------------------------------------------------------------------------------------


def test_who_keeps_more_of_its_accuracy_is_the_more_robust_though_it_is_worse() -> None:
    ours = [
        robust(value, norm, 0.45, clean=0.5)
        for value, norm in ((0.44, 1.9), (0.45, 2.0), (0.46, 2.1))
    ]
    given = rows(simclr=ours, supervised=spread(0.60), lied_to=spread(0.60, noisy=0.7))
    corruptions, attacks, labels = answers("robustness", given)
    # (0.45 - 0.1) / (0.5 - 0.1) = 87.5 % against (0.6 - 0.1) / (0.9 - 0.1) = 62.5 %
    (finding,) = corruptions["findings"]
    assert finding["answer"] == "yes"
    assert finding["ours"] == pytest.approx(0.875)
    assert finding["theirs"] == pytest.approx(0.625)
    assert finding["difference"] == pytest.approx(0.25)
    low, high = finding["interval"]
    assert 0 < low < 0.25 < high
    assert corruptions["sentence"] == (
        "More robust to corruptions than supervised training? SimCLR: yes, 87.5 against 62.5, "
        f"+25.0 (+{100 * low:.1f} to +{100 * high:.1f}) (% of the accuracy above chance that is "
        "kept; the difference with its 95 % interval)."
    )
    assert attacks["findings"][0]["answer"] == "yes"
    assert "SimCLR: yes, 2.00 against 1.00, +1.00" in attacks["sentence"]
    assert labels["findings"][0]["ours"] == pytest.approx(0.875)
    assert labels["findings"][0]["theirs"] == pytest.approx(0.75)


def test_the_claim_may_fail_and_may_be_left_open() -> None:
    given = rows(
        simclr=spread(0.50),
        byol=[robust(value) for value in (0.5, 0.6, 0.7)],
        supervised=spread(0.60),
    )
    corruptions = answers("robustness", given, "simclr", "byol")[0]
    assert [each["answer"] for each in corruptions["findings"]] == ["no", "cannot be told"]
    assert "SimCLR: no, 50.0 against 62.5, -12.5 (-" in corruptions["sentence"]
    assert "; BYOL: cannot be told, 62.5 against 62.5, +0.0 (-" in corruptions["sentence"]


@pytest.mark.parametrize("seeds", [1, 2])
def test_under_three_seeds_both_values_stand_there_and_no_claim(seeds: int) -> None:
    given = rows(simclr=spread(0.8)[:seeds], supervised=spread(0.6)[:seeds])
    corruptions = answers("robustness", given)[0]
    assert corruptions["findings"][0]["answer"] is None
    assert corruptions["findings"][0]["interval"] is None
    assert corruptions["sentence"].endswith("Under three seeds no claim is made.")
    assert "SimCLR 86.2 against 61.2" in corruptions["sentence"] or seeds == 2
    assert "yes" not in corruptions["sentence"]


def test_a_failed_seed_is_one_seed_less() -> None:
    given = rows(simclr=spread(0.8), supervised=spread(0.6))
    given[0] |= {"error": "diverged", "results": {}}
    assert answered("robustness", given)[0] is None


def test_who_only_guesses_is_not_called_robust() -> None:
    assert above_chance(0.1, 0.1, 0.1) is None
    assert above_chance(0.11, 0.115, 0.1) is None
    assert above_chance(0.3, 0.5, 0.1) == pytest.approx(0.5)
    guessing = [robust(0.1, clean=0.1)] * 3
    given = rows(simclr=guessing, supervised=spread(0.6))
    corruptions = answers("robustness", given)[0]
    assert "SimCLR: cannot be told, because SimCLR has no such number" in corruptions["sentence"]
    assert "three seeds" not in corruptions["sentence"]


@pytest.mark.parametrize("out_of_reach", ["simclr", "supervised"])
def test_seeds_that_withstand_every_strength_are_not_left_out(out_of_reach: str) -> None:
    """Without its two best seeds the more robust of the two would come out as the less robust."""
    best, other = (None, None, 12.0, 13.0, 12.5), (14.5, 15.0, 14.0, 15.5, 14.8)
    norms = {"simclr": other, "supervised": other, out_of_reach: best}
    given = rows(**{name: [robust(0.8, norm) for norm in own] for name, own in norms.items()})
    attacks = answers("robustness", given)[1]
    (finding,) = attacks["findings"]
    assert finding["answer"] == "cannot be told"
    assert finding["difference"] is None
    title = {"simclr": "SimCLR", "supervised": "Supervised"}[out_of_reach]
    assert attacks["sentence"] == (
        "More robust to attacks than supervised training? SimCLR: cannot be told, because 2 of 5 seeds "
        f"of {title} withstood the largest strength tried (median norm of PGD, in 255ths)."
    )
    json.dumps(attacks, allow_nan=False)


def test_under_three_seeds_one_out_of_reach_has_no_mean_either() -> None:
    given = rows(simclr=[robust(0.8, None), robust(0.8, 2.0)], supervised=[robust(0.8, 3.0)] * 2)
    attacks = answers("robustness", given)[1]
    (finding,) = attacks["findings"]
    assert (finding["ours"], finding["answer"]) == (None, None)
    assert "1 of 2 seeds of SimCLR withstood the largest strength tried" in attacks["sentence"]
    assert attacks["sentence"].endswith("Under three seeds no claim is made.")


def test_who_was_right_nowhere_withstood_nothing() -> None:
    wrong, hardy = robust(0.0, None, clean=0.0), robust(0.8, None)
    for one, clean in ((wrong, 0.0), (hardy, 0.7)):
        one["robustness"]["curves"] = {"pgd": {"x": [0.0, 16.0], "y": [clean, clean]}}
    given = rows(simclr=[wrong, hardy, hardy], supervised=[robust(0.8, 3.0)] * 3)
    assert (
        "2 of 3 seeds of SimCLR withstood the largest strength tried and 1 of 3 seeds of SimCLR has "
        "no such number" in answers("robustness", given)[1]["sentence"]
    )


def test_a_seed_that_only_guesses_is_not_left_out_of_a_mean() -> None:
    given = rows(simclr=[*spread(0.8), robust(0.1, clean=0.1)], supervised=spread(0.6))
    corruptions = answers("robustness", given)[0]
    assert corruptions["findings"][0]["answer"] == "cannot be told"
    assert "because 1 of 4 seeds of SimCLR has no such number" in corruptions["sentence"]


def test_false_labels_are_held_against_the_same_seeds_right_ones() -> None:
    clean = [0.9, 0.8, 0.7]
    told = rows(
        simclr=spread(0.5),
        supervised=[robust(0.5, clean=c) for c in clean],
        lied_to=[robust(0.5, noisy=0.1 + (c - 0.1) * 0.8, clean=0.2) for c in clean],
    )
    labels = answers("robustness", told)[2]
    assert labels["findings"][0]["theirs"] == pytest.approx(0.8)
    assert labels["rival"] == LIED_TO
    without = [row for row in told if row["contestant"] != LIED_TO]
    assert answers("robustness", without)[2]["findings"][0]["theirs"] is None


def test_encoders_are_not_mixed() -> None:
    given = rows(simclr=spread(0.8), supervised=spread(0.6)) + rows(
        "resnet18", simclr=spread(0.5), supervised=spread(0.6)
    )
    found = answers("robustness", given)
    assert [each["findings"][0]["answer"] for each in found[:2]] == ["yes", "no"]
    assert "on resnet_tiny?" in found[0]["sentence"]
    assert "on resnet18?" in found[1]["sentence"]


def test_labels_reads_the_protocol_of_false_labels() -> None:
    given = rows(
        simclr=[robust(0.1, noisy=value) for value in (0.85, 0.86, 0.87)],
        supervised=spread(0.2),
        lied_to=spread(0.2, noisy=0.5),
    )
    found = {each["protocol"]: each for each in answers("labels", given)}
    assert found["label_noise"]["findings"][0]["answer"] == "yes"
    assert "40 % false labels" in found["label_noise"]["question"]


def test_few_labels_are_held_against_training_from_scratch_on_them() -> None:
    def tuned(one: float, ten: float) -> dict[str, Any]:
        return {"finetune": {"accuracy_at_1_percent": one, "accuracy_at_10_percent": ten}}

    given = rows(
        simclr=[tuned(value, value + 0.19) for value in (0.40, 0.41, 0.42)],
        untrained=[tuned(value, 0.7) for value in (0.20, 0.21, 0.22)],
    )
    one, ten, *_ = answers("labels", given)
    assert [one["findings"][0]["answer"], ten["findings"][0]["answer"]] == ["yes", "no"]
    assert one["sentence"].startswith(
        "Better than training from scratch with 1 % of the labels? SimCLR: yes, 41.0 against 21.0, "
    )


def test_fairness_is_the_worst_class_beside_all_pictures() -> None:
    def judged(worst: float, mean: float) -> dict[str, Any]:
        return {"fairness": {"worst_class_accuracy": worst, "accuracy": mean}}

    given = rows(
        simclr=[judged(value, 0.5) for value in (0.44, 0.45, 0.46)],
        supervised=[judged(value, 0.9) for value in (0.53, 0.54, 0.55)],
    )
    (finding,) = answers("labels", given)[-1]["findings"]
    assert finding["answer"] == "yes"
    assert (finding["ours"], finding["theirs"]) == pytest.approx((0.9, 0.6))


def test_the_users_parameters_win_over_the_studys() -> None:
    made = plan(["simclr"], out=Path("never-written"), study="labels")
    assert made.protocols["finetune"]["fractions"] == (0.01, 0.1)
    changes = {"finetune": {"fractions": [0.5], "epochs": 3}, "label_noise": {"shares": [0.4]}}
    made = plan(["simclr"], out=Path("never-written"), study="labels", changes=changes)
    assert made.protocols["finetune"]["fractions"] == (0.5,)
    assert made.protocols["finetune"]["epochs"] == 3
    assert made.protocols["label_noise"]["shares"] == (0.4,)


# Chance -------------------------------------------------------------------------------------------


def kept_by_a_constant_guesser(**more: Any) -> float | None:
    """Two classes at 90 to 10: what one keeps who looks and falls back to guessing under corruption."""
    given = rows(
        simclr=[robust(0.90, clean=0.95, noisy=0.9)] * 3,
        supervised=[robust(0.94, clean=0.99)] * 3,
    )
    asked = studies.Asked("robustness", ("simclr",))
    found: float | None = studies.answer(asked, given, classes=2, **more)["answers"][0]["findings"][
        0
    ]["ours"]
    return found


def test_chance_is_the_largest_class_where_classes_are_uneven() -> None:
    assert kept_by_a_constant_guesser(largest=0.9) == pytest.approx(0.0)
    # Where nobody knows the shares, or the classes are even, it is one in so many.
    assert kept_by_a_constant_guesser() == pytest.approx(0.4 / 0.45)
    assert kept_by_a_constant_guesser(largest=0.5) == pytest.approx(0.4 / 0.45)
    assert kept_by_a_constant_guesser(largest=0.3) == pytest.approx(0.4 / 0.45)


def test_who_never_does_better_than_the_largest_class_is_not_called_robust() -> None:
    guessing = rows(simclr=[robust(0.9, clean=0.9)] * 3, supervised=[robust(0.94, clean=0.99)] * 3)
    asked = studies.Asked("robustness", ("simclr",))
    found = studies.answer(asked, guessing, classes=2, largest=0.9)
    assert found["chance"] == 0.9
    assert "because SimCLR has no such number" in found["answers"][0]["sentence"]


def test_of_the_pictures_that_were_corrupted_the_share_is_their_own() -> None:
    """By luck more of them may be of the largest class, for every seed alike."""
    guessing, learnt = robust(0.93, clean=0.93), robust(0.94, clean=0.99)
    for one in (guessing, learnt):
        one["robustness"]["corrupted_largest_class"] = 0.93
    asked = studies.Asked("robustness", ("simclr",))
    given = rows(simclr=[guessing] * 3, supervised=[learnt] * 3)
    (finding,) = studies.answer(asked, given, 2, 0.9)["answers"][0]["findings"]
    assert finding["ours"] is None
    assert finding["theirs"] == pytest.approx(0.01 / 0.06)


def uneven(**labels: list[int] | None) -> Splits:
    """Splits with these labels."""

    def source(given: list[int] | None) -> Resident:
        pictures = torch.zeros(len(given or [0]), 1, 8, 8, dtype=torch.uint8)
        return Resident(pictures, None if given is None else torch.tensor(given))

    parts = {name: source(labels.get(name)) for name in ("train", "validation", "test")}
    return Splits("uneven", classes=("a", "b"), size=8, mean=(0.5,), std=(0.5,), **parts)


def test_the_largest_class_is_that_of_the_judged_pictures_with_a_label() -> None:
    splits = uneven(train=[0] * 10, validation=[0, 0, 1, 1], test=[0, 1, 1, 1, -1, -1])
    assert table.largest_share(splits, "test") == 0.75
    assert table.largest_share(splits, "validation") == 0.5
    assert table.largest_share(uneven(train=[0, 1]), "test") is None
    assert table.largest_share(uneven(test=[-1, -1]), "test") is None
    assert table.largest_share(replace(splits, test=None), "test") is None


def test_a_comparisons_study_counts_from_the_largest_class_of_the_split_it_judged() -> None:
    made = plan(["simclr"], out=Path("never-written"), study="robustness")
    splits = uneven(train=[0, 1], validation=[0, 1], test=[0] * 9 + [1])
    assert table.content(made, splits, [])["study"]["chance"] == 0.9
    judged = replace(made, split="validation")
    assert table.content(judged, splits, [])["study"]["chance"] == 0.5


# Several findings, and what they rest on ----------------------------------------------------------


def near(p: float) -> list[dict[str, Any]]:
    """Three seeds that keep more under corruptions than ``spread(0.6)`` does, by a gap of about this p."""
    from scipy.stats import t

    # Both spread alike, so Welch's degrees of freedom are 4 and the gap's error is 0.01 * sqrt(2 / 3).
    return spread(0.6 + float(t.isf(p / 2, 4)) * 0.01 * (2 / 3) ** 0.5)


def test_the_findings_of_a_study_are_corrected_together() -> None:
    """The smallest of n p-values counts n times, across aspects as across contestants."""
    methods = ["simclr", "byol", "vicreg"]
    alone = rows(simclr=near(0.03), supervised=spread(0.6))
    # Attacks and false labels say nothing here: equal throughout, and with a p of one.
    (first, second, _) = answers("robustness", alone)
    assert second["findings"][0]["p"] == 1
    assert first["findings"][0]["p"] == pytest.approx(0.03)
    assert first["findings"][0]["corrected_for"] == 2
    assert first["findings"][0]["p_corrected"] == pytest.approx(0.06)
    assert first["findings"][0]["interval"][0] > 0
    assert first["findings"][0]["answer"] == "cannot be told"
    assert "SimCLR: cannot be told once 2 findings are counted, 6" in first["sentence"]
    many = rows(**dict.fromkeys(methods, near(0.01)), supervised=spread(0.6))
    assert answered("robustness", many, *methods)[:3] == ["cannot be told"] * 3
    assert answered("robustness", many, "simclr")[0] == "yes"
    mixed = rows(simclr=near(0.0001), byol=near(0.04), supervised=spread(0.6))
    assert answered("robustness", mixed, "simclr", "byol")[:2] == ["yes", "cannot be told"]


def test_among_equals_a_study_seldom_finds_anything() -> None:
    """Four methods no better than their rival: uncorrected, one study in eight says yes or no of one."""
    random = np.random.default_rng(0)
    methods = ["simclr", "byol", "vicreg", "moco"]
    false = 0
    for _ in range(200):
        drawn = {
            name: [robust(value) for value in random.normal(0.6, 0.01, 5)]
            for name in [*methods, "supervised"]
        }
        found = answered("robustness", rows(**drawn), *methods)
        false += any(word in ("yes", "no") for word in found)
    assert false <= 0.05 * 200


def test_the_note_says_what_the_intervals_leave_out_and_what_is_corrected_for() -> None:
    def note(given: list[Any], *contestants: str) -> str | None:
        asked = studies.Asked("robustness", contestants)
        found: str | None = studies.answer(asked, given, classes=10)["note"]
        return found

    given = rows(simclr=spread(0.5), byol=spread(0.55), supervised=spread(0.6))
    seeds = (
        "Intervals and answers: Welch's t over seeds alone, so the luck of the test pictures is not in "
        "them."
    )
    assert note(given, "simclr", "byol") == (
        f"{seeds} Yes and no are corrected for 4 findings (Holm)."
    )
    open_ = [robust(0.5, None)] * 3
    assert note(rows(simclr=open_, supervised=spread(0.6)), "simclr") == seeds
    assert note(rows(simclr=spread(0.5)[:2], supervised=spread(0.6)[:2]), "simclr") is None


@pytest.mark.parametrize("note", [{}, {"note": None}, {"note": "Over seeds alone."}])
def test_a_study_of_an_earlier_version_is_drawn_without_a_note(note: dict[str, Any]) -> None:
    study = {"claim": "They are.", "answers": [{"sentence": "Are they? No."}], **note}
    drawn = section(Comparison({"study": study}, [], None))
    assert drawn is not None
    assert "Are they? No." in drawn.body
    assert ("Over seeds alone." in drawn.body) == bool(note.get("note"))
    assert drawn.body.count("<li>") == 1 + bool(note.get("note"))


# Scale --------------------------------------------------------------------------------------------


def sized(**accuracies: tuple[list[float], list[float]]) -> list[Any]:
    """Linear accuracies of each contestant with the small and the large encoder."""
    return [
        {
            "contestant": f"{name}:encoder={encoder}",
            "seed": seed,
            "encoder": encoder,
            "results": {"linear": {"accuracy": value}},
            "error": None,
        }
        for name, both in accuracies.items()
        for encoder, own in zip(("resnet_tiny", "resnet_small"), both, strict=True)
        for seed, value in enumerate(own)
    ]


def gain(given: list[Any]) -> dict[str, Any]:
    asked = studies.Asked("scale", ("simclr",), ("resnet_tiny", "resnet_small"))
    (found,) = studies.answer(asked, given, classes=10)["answers"]
    return found


def test_the_gain_in_size_is_compared_with_the_gain_of_supervised_training() -> None:
    given = sized(
        simclr=([0.50, 0.51, 0.52], [0.60, 0.61, 0.62]),
        supervised=([0.80, 0.81, 0.82], [0.83, 0.84, 0.85]),
    )
    found = gain(given)
    (finding,) = found["findings"]
    assert finding["ours"] == pytest.approx(0.10)
    assert finding["theirs"] == pytest.approx(0.03)
    assert finding["answer"] == "yes"
    assert (
        "from resnet_tiny to resnet_small? SimCLR: yes, 10.0 against 3.0, +7.0 (+"
        in (found["sentence"])
    )
    assert "little to gain" not in found["sentence"]
    noisy = sized(
        simclr=([0.4, 0.5, 0.6], [0.5, 0.6, 0.7]),
        supervised=([0.80, 0.81, 0.82], [0.83, 0.84, 0.85]),
    )
    assert gain(noisy)["findings"][0]["answer"] == "cannot be told"


def test_a_gain_needs_both_sizes() -> None:
    found = gain(sized(simclr=([0.5] * 3, []), supervised=([0.8] * 3, [0.9] * 3)))
    assert "SimCLR: cannot be told, because SimCLR has no such number" in found["sentence"]
    assert found["findings"][0]["answer"] is None


def test_a_rival_at_the_ceiling_is_said_to_be_there() -> None:
    given = sized(
        simclr=([0.50, 0.51, 0.52], [0.60, 0.61, 0.62]),
        supervised=([0.99, 0.99, 0.99], [0.99, 0.995, 0.99]),
    )
    assert "Supervised training reaches 99.0% with resnet_tiny already" in gain(given)["sentence"]


# Plans --------------------------------------------------------------------------------------------


def contestants(**more: Any) -> tuple[list[str], list[str]]:
    made = plan(["simclr"], out=Path("never-written"), **more)
    return list(dict.fromkeys(e.contestant for e in made.entrants)), list(made.protocols)


def test_a_study_brings_the_runs_and_protocols_that_it_needs_and_no_others() -> None:
    runs, protocols = contestants(study="robustness")
    assert runs == ["simclr", "supervised", LIED_TO]
    assert {"linear", "robustness"} <= set(protocols)
    runs, protocols = contestants(study="labels", baselines=["pca"], protocols=["knn"])
    assert {"simclr", "supervised", LIED_TO, "pca"} <= set(runs)
    assert {"linear", "label_noise", "finetune", "fairness", "knn"} <= set(protocols)
    assert contestants()[0] == ["simclr", "untrained", "pixels", "random_patches", "supervised"]


def test_scale_runs_everyone_with_both_encoders() -> None:
    runs, protocols = contestants(study="scale", encoders=["resnet_tiny", "resnet18"])
    assert runs == [
        f"{name}:encoder={encoder}"
        for name in ("simclr", "supervised")
        for encoder in ("resnet_tiny", "resnet18")
    ]
    assert "linear" in protocols
    made = plan(["byol:momentum=0,0"], out=Path("never-written"), study="scale")
    assert made.entrants[1].contestant == "byol:momentum=0,0;encoder=resnet_small"
    assert made.entrants[1].run.encoder.name == "resnet_small"


@pytest.mark.parametrize(
    ("given", "more", "sentence"),
    [
        ("simclr", {"study": "robust"}, "did you mean 'robustness'"),
        ("simclr", {"encoders": ["resnet_tiny", "resnet18"]}, "is for --study scale"),
        ("simclr", {"study": "scale", "encoders": ["resnet_tiny"]}, "takes 2 different ones"),
        ("simclr", {"study": "scale", "encoders": ["resnet18"] * 2}, "takes 2 different ones"),
        ("simclr", {"study": "scale", "overrides": {"encoder": "vit"}}, "instead of one"),
        ("simclr:encoder=resnet18", {"study": "scale"}, "names an encoder"),
        ("supcon", {"study": "robustness"}, "supcon is none"),
        ("pca", {"study": "scale"}, "pca is none"),
    ],
)
def test_what_does_not_fit_is_refused(given: str, more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        plan([given], out=Path("never-written"), **more)


def test_every_study_takes_protocols_that_there_are() -> None:
    for name in studies.NAMES:
        study = studies.find(name)
        assert set(study.protocols) <= set(catalogue.protocols())
        assert study.claim.endswith(".")
        for aspect in study.aspects:
            assert aspect.rival in study.rivals


# One for real -------------------------------------------------------------------------------------


def test_a_study_without_labels_is_refused_before_anything_is_written(
    unlabelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    overrides = {**quick, "data": str(unlabelled)}
    made = plan(
        ["simclr:projector=16,8"], out=tmp_path / "out", study="labels", overrides=overrides
    )
    with pytest.raises(Refusal, match="no labels, and the study 'labels'"):
        compare(made)
    assert not (tmp_path / "out").exists()


def test_from_python_a_study_is_carried_out_and_written_down(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    few = {"pictures": 8, "attacked": 4, "steps": 2}
    content = interface.compare(
        "simclr:projector=16,8",
        data=str(labelled),
        out=tmp_path / "out",
        study="robustness",
        **{f"robustness.{key}": value for key, value in few.items()},
        **quick,
    )
    assert [row["error"] for row in content["rows"]] == [None] * 3
    assert content["study"]["name"] == "robustness"
    sentences = [each["sentence"] for each in content["study"]["answers"]]
    assert len(sentences) == 3
    assert all("SimCLR projector=16,8" in sentence for sentence in sentences)
    assert (
        json.loads((tmp_path / "out" / "comparison.json").read_text())["study"]
        == (content["study"])
    )
    assert content["study"]["note"] is None, "one seed carries no interval"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<q>Self-supervised encoders are more robust to corruptions, attacks" in page
    assert "More robust to corruptions than supervised training?" in page
