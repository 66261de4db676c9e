"""A plan is checked whole before anything is written; carried out, it computes only what is missing."""

import importlib
import json
from pathlib import Path
from typing import Any, Literal

import pytest

from selftaught import config
from selftaught.comparison import BASELINES, compare, plan
from selftaught.errors import Refusal
from selftaught.reports.rows import architecture
from selftaught.runs import RunFolder

BROKEN = "vicreg:projector=16,8;optimiser.rate=1e30"
CONTESTANTS = ("simclr:projector=16,8", BROKEN)


def places(*contestants: str, **more: Any) -> list[str]:
    made = plan(contestants, out=Path("nowhere"), **{"baselines": (), **more})
    return [entrant.folder.as_posix() for entrant in made.entrants]


def test_every_contestant_and_seed_has_a_folder_of_its_own() -> None:
    assert places("simclr", "byol:momentum=0,0", seeds=2) == [
        "simclr/seed-0",
        "simclr/seed-1",
        "byol-momentum=0,0/seed-0",
        "byol-momentum=0,0/seed-1",
    ]
    assert places("vicreg:weights=25,0,1;epochs=3") == ["vicreg-weights=25,0,1-epochs=3/seed-0"]
    assert places("simclr:encoder.init=../a/b") == ["simclr-encoder.init=..-a-b/seed-0"]


def test_what_every_seed_gives_alike_runs_once() -> None:
    made = plan(["simclr", "pixels"], out=Path("nowhere"), seeds=3, baselines=())
    assert [(e.contestant, e.seed) for e in made.entrants] == [
        ("simclr", 0),
        ("simclr", 1),
        ("simclr", 2),
        ("pixels", None),
    ]


def test_a_seed_is_said_where_there_is_one_of_several() -> None:
    room = importlib.import_module("selftaught.comparison.compare")
    for seeds, said in (
        (2, ["simclr seed 0", "simclr seed 1", "pixels"]),
        (1, ["simclr", "pixels"]),
    ):
        made = plan(["simclr", "pixels"], out=Path("nowhere"), seeds=seeds, baselines=())
        assert [room._title(entrant, made) for entrant in made.entrants] == said


def test_a_folder_name_cannot_leave_the_directory() -> None:
    for name in places("simclr:encoder.init=/etc", "byol:encoder.init=../../up"):
        assert Path("base", name).resolve().is_relative_to(Path("base").resolve())


def test_a_contestants_own_words_win_over_those_for_all() -> None:
    made = plan(
        ["simclr", "byol:epochs=9"],
        out=Path("nowhere"),
        baselines=("untrained",),
        overrides={"epochs": 5, "batch": 8},
    )
    assert [e.run.epochs for e in made.entrants] == [5, 9, 5]
    assert {e.run.batch for e in made.entrants} == {8}
    assert [e.asked for e in made.entrants] == [True, True, False]


def test_an_override_means_what_train_means_by_it() -> None:
    made = plan(["byol:momentum=0,0"], out=Path("nowhere"), baselines=(), split="validation")
    assert made.entrants[0].run == config.resolve("byol", {"momentum": [0, 0]})


def test_results_on_test_pretrain_on_validation_too() -> None:
    splits: tuple[tuple[Literal["test", "validation"], bool], ...]
    splits = (("test", True), ("validation", False))
    for split, final in splits:
        made = plan(["simclr"], out=Path("nowhere"), split=split, baselines=())
        assert made.entrants[0].run.final is final


def test_baselines_come_along_unless_they_are_there_already() -> None:
    made = plan(["supervised", "simclr"], out=Path("nowhere"))
    names = [entrant.contestant for entrant in made.entrants]
    assert names == ["supervised", "simclr", *(b for b in BASELINES if b != "supervised")]


def planned(*asked: str, **more: Any) -> list[str]:
    made = plan(asked, out=Path("nowhere"), **{"baselines": ("untrained",), **more})
    return [entrant.contestant for entrant in made.entrants]


def test_untrained_stands_beside_every_encoder_once() -> None:
    asked = ("simclr", "byol:encoder.name=resnet18", "vicreg:encoder.name=resnet18")
    found = planned(*asked)
    assert found == [*asked, "untrained", "untrained:encoder.name=resnet18"]
    made = plan(asked, out=Path("nowhere"), baselines=("untrained",))
    runs = {entrant.contestant: entrant.run for entrant in made.entrants}
    for method, start in (("simclr", "untrained"), (asked[1], found[-1]), (asked[2], found[-1])):
        assert runs[start].encoder == runs[method].encoder
    assert not made.entrants[-1].asked


def test_two_encoders_of_one_name_are_two() -> None:
    asked = (
        "simclr",
        "mae:encoder.name=vit_micro;encoder.pool=class",
        "simmim:encoder.name=vit_micro;encoder.pool=mean",
    )
    first, second = planned(*asked)[len(asked) + 1 :]
    assert "encoder.name=vit_micro" in first
    assert "encoder.pool" not in first
    assert set(second.split(":")[1].split(";")) >= {"encoder.name=vit_micro", "encoder.pool=mean"}


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ("", "vit_micro"),
        (";encoder.patch=8", "vit_micro/8"),
        (";encoder.pool=mean", "vit_micro (mean)"),
        (
            ";encoder.patch=8;encoder.pool=mean;encoder.positions=fixed",
            "vit_micro/8 (mean, fixed positions)",
        ),
    ],
)
def test_what_was_chosen_of_an_encoder_is_in_its_name(chosen: str, named: str) -> None:
    made = plan((f"simclr:encoder.name=vit_micro{chosen}",), out=Path("nowhere"), baselines=())
    (entrant,) = made.entrants
    assert architecture(entrant.run) == named


def test_no_untrained_is_added_for_one_encoder_nor_without_being_asked() -> None:
    assert planned("simclr", "byol:momentum=0,0") == [
        "simclr",
        "byol:momentum=0,0",
        "untrained",
    ]
    alone = planned("simclr", "byol:encoder.name=resnet18", baselines=("pixels",))
    assert alone == ["simclr", "byol:encoder.name=resnet18", "pixels"]
    overrides = {"encoder.name": "resnet18"}
    assert planned("simclr", overrides=overrides) == ["simclr", "untrained"]


def test_an_untrained_that_is_there_already_is_not_added_again() -> None:
    asked = ("byol:encoder.name=resnet18", "untrained:encoder.name=resnet18")
    assert planned(*asked) == [*asked, "untrained"]


@pytest.mark.parametrize(
    ("contestants", "more", "sentence"),
    [
        (["simclr", "byoll"], {}, "'byoll'; did you mean 'byol'"),
        (["simclr", "byol:momentun=0,0"], {}, "'momentun'; did you mean 'momentum'"),
        (["simclr", "byol:momentum=0,2"], {}, "momentum"),
        (["simclr:temperature"], {}, "is not an override"),
        (["simclr"], {"seeds": 0}, "--seeds 0 runs nothing"),
        (["simclr"], {"protocols": ("knn", "linea")}, "'linea'; did you mean 'linear'"),
        (["simclr"], {"baselines": ("pixel",)}, "'pixel'; did you mean 'pixels'"),
        (["simclr:epochs=3", "simclr:epochs;=3"], {}, "is not an override"),
        (["simclr:epochs=3;batch=8", "simclr:epochs=3;;batch=8"], {}, "share a folder"),
    ],
)
def test_a_mistake_in_any_contestant_stops_all_before_anything_is_written(
    contestants: list[str], more: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match=sentence):
        plan(contestants, out=tmp_path / "new", **more)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def finished(
    labelled: Path, quick: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], list[str]]:
    """A comparison in which one contestant diverges: its directory, its content, what was said."""
    out = tmp_path_factory.mktemp("comparison") / "out"
    said: list[str] = []
    return out, compare(make(out, labelled, quick), said.append), said


def make(out: Path, labelled: Path, quick: dict[str, Any], **more: Any) -> Any:
    return plan(
        CONTESTANTS,
        out=out,
        baselines=("pixels", "random_patches"),
        overrides={**quick, "data": str(labelled), **more},
        protocols=("linear", "knn"),
    )


def test_one_that_fails_keeps_the_others_going_and_says_why(finished: Any) -> None:
    out, content, said = finished
    found = {row["contestant"]: row for row in content["rows"]}
    assert found[BROKEN]["verdict"] == "diverged"
    assert "at step" in found[BROKEN]["error"]
    assert found[BROKEN]["results"] == {}
    for name, row in found.items():
        if name != BROKEN:
            assert row["error"] is None
            assert set(row["results"]) == {"linear", "knn"}
            assert 0 <= row["results"]["knn"]["accuracy"] <= 1
    assert any(line.startswith(f"{BROKEN} failed: ") for line in said)
    assert json.loads((out / "comparison.json").read_text()) == content
    assert "bove random patches in this run" in str(content["rows"][0])


def test_the_rows_have_what_was_promised(finished: Any) -> None:
    out, content, _ = finished
    assert content["schema_version"] == 1
    keys = {"contestant", "method", "seed", "results", "seconds", "pictures_per_second"}
    keys |= {"pictures_seen", "pixels_seen", "tuning_trials", "peak_memory_bytes", "encoder"}
    keys |= {"verdict", "verdict_text", "test_readings", "revision"}
    for row in content["rows"]:
        assert keys <= set(row)
        assert " " not in row["verdict"]
        assert (out / row["folder"] / "run.yaml").is_file()
        begun = json.loads((out / row["folder"] / "environment.json").read_text())
        assert row["revision"] == (None if row["error"] else begun["revision"])
    seeds = {row["contestant"]: row["seed"] for row in content["rows"]}
    assert seeds["pixels"] is None
    assert seeds["simclr:projector=16,8"] == 0
    good = content["rows"][0]
    assert good["pixels_seen"] == good["pictures_seen"] * 2 * 32**2
    rows = {row["contestant"]: row for row in content["rows"]}
    assert rows["pixels"]["encoder"] is None, "no architecture of the comparison is used"
    assert (out / good["folder"] / "encoder.safetensors").is_file()
    assert (out / "report.html").stat().st_size > 10_000
    assert content["claims"][0].startswith("In these runs (one seed)")
    plan = json.loads((out / "plan.json").read_text())
    assert [row["folder"] for row in plan["rows"]] == [row["folder"] for row in content["rows"]]
    assert not any(row["results"] for row in plan["rows"]), "it was written before the first run"
    assert (plan["jobs"], set(plan["protocols"])) == (1, {"knn", "linear"})


def test_the_same_again_trains_and_reads_nothing(
    finished: Any, labelled: Path, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = importlib.import_module("selftaught.training.carry_out")
    out, content, _ = finished
    calls: list[str] = []
    trained = room.train
    monkeypatch.setattr(room, "_evaluate", lambda *a: calls.append("evaluate"))
    monkeypatch.setattr(room, "_fit", lambda *a: calls.append("fit"))

    def train(*given: Any) -> Any:
        calls.append("train")
        return trained(*given)

    monkeypatch.setattr(room, "train", train)
    monkeypatch.setattr("selftaught.reports.page.write_report", lambda directory: None)
    before = (out / content["rows"][0]["folder"] / "encoder.safetensors").stat().st_mtime_ns
    again = compare(make(out, labelled, quick))
    assert calls == ["train"]  # the one that failed is tried again
    assert (out / content["rows"][0]["folder"] / "encoder.safetensors").stat().st_mtime_ns == before
    for old, new in zip(content["rows"], again["rows"], strict=True):
        assert old["results"] == new["results"]
        assert new["test_readings"] in (1, None)


def test_a_folder_that_differs_is_refused_before_anything_is_written(
    finished: Any, labelled: Path, quick: dict[str, Any]
) -> None:
    out, _, _ = finished
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    with pytest.raises(Refusal, match=r"seed-0 holds another run.*batch: 16, now 8.*--fresh"):
        make(out, labelled, quick, batch=8)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_pictures_and_method_that_do_not_fit_are_refused_before_anything_is_written(
    labelled: Path, unlabelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    cases = {
        "batch=500 is larger": (["simclr", "byol:batch=500"], labelled),
        "learns from labels": (["simclr", "supervised"], unlabelled),
        "There is no encoder": (["simclr", "byol:encoder=resnet12"], labelled),
        "same last width": (["simclr", "byol:projector=8,4;predictor=8,5"], labelled),
    }
    for sentence, (contestants, data) in cases.items():
        overrides = {**quick, "data": str(data)}
        with pytest.raises(Refusal, match=sentence):
            compare(plan(contestants, out=tmp_path / "new", overrides=overrides))
    assert list(tmp_path.iterdir()) == []


def test_a_class_too_small_for_a_probe_is_refused_before_anything_is_written(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    for name in ("across", "down"):
        (data / name).mkdir(parents=True)
        for path in (labelled / name).iterdir():
            if name == "across" or path.stem == "0":
                (data / name / path.name).write_bytes(path.read_bytes())
    overrides = {**quick, "data": str(data)}
    with pytest.raises(Refusal, match="a probe needs"):
        compare(plan(["simclr"], out=tmp_path / "new", split="validation", overrides=overrides))
    assert not (tmp_path / "new").exists()


def test_without_labels_contestants_are_trained_but_not_ranked(
    unlabelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    said: list[str] = []
    overrides = {**quick, "data": str(unlabelled)}
    made = plan(
        ["simclr:projector=16,8"],
        out=tmp_path / "out",
        overrides=overrides,
        baselines=("pixels", "supervised"),
    )
    content = compare(made, said.append)
    assert [row["contestant"] for row in content["rows"]] == ["simclr:projector=16,8", "pixels"]
    assert all(row["error"] is None for row in content["rows"])
    assert all(row["results"].keys() == {"spectrum"} for row in content["rows"])
    assert content["split"] == "validation"
    assert content["similarity"]["contestants"] == ["simclr:projector=16,8", "pixels"]
    assert content["rows"][0]["verdict"] in ("learning", "stalled", "collapsed")
    assert content["claims"] == []
    assert any("no labels" in sentence for sentence in said)
    assert "Left out, because they learn from labels: supervised; runs: 2." in said
    assert RunFolder(tmp_path / "out" / content["rows"][0]["folder"]).results["seconds"] > 0
    assert (tmp_path / "out" / "report.html").is_file()


def test_fresh_keeps_the_older_comparison_beside(
    unlabelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note.txt").write_text("mine")
    overrides = {**quick, "data": str(unlabelled)}
    made = plan(["pixels"], out=tmp_path / "out", overrides=overrides, baselines=(), fresh=True)
    compare(made)
    (aside,) = [path for path in tmp_path.iterdir() if path.name != "out"]
    assert (aside / "note.txt").read_text() == "mine"
    assert not (tmp_path / "out" / "note.txt").exists()
