"""A directory in every state that training may leave it in."""

import json
import os
import re
import time
from pathlib import Path

import pytest
from example import write_example
from growing import Growing

from selftaught import config, runs
from selftaught.errors import Refusal
from selftaught.reports import maps
from selftaught.reports.live import folders, progress
from selftaught.reports.live.page import LivePage
from selftaught.reports.live.snapshot import Snapshot, snapshot
from selftaught.reports.live.status import time_left
from selftaught.reports.page import write_report

SIMCLR, BYOL, PIXELS = "simclr/seed-0", "byol/seed-0", "pixels/seed-0"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole")
    return write_example(place, contestants=["simclr", "byol", "pixels"], count=60)


@pytest.fixture
def growing(whole: Path, tmp_path: Path) -> Growing:
    return Growing(whole, tmp_path / "out")


def words(now: Snapshot) -> dict[str, str]:
    return {run.row["folder"]: where.word for _, run, where in now.runs}


def test_runs_go_from_waiting_to_finished(growing: Growing) -> None:
    growing.plan()
    assert set(words(snapshot(growing.directory)).values()) == {"waiting"}
    growing.train(SIMCLR, -1.0)  # its folder is there, and no line yet
    assert words(snapshot(growing.directory))[SIMCLR] == "begun"
    growing.train(SIMCLR, 0.25)
    now = snapshot(growing.directory)
    ((contestant, run, where),) = [each for each in now.runs if each[2].word == "training"]
    assert contestant.name == "simclr"
    assert where.share == 0.25
    assert where.left == pytest.approx(3 * 0.25 * 84.0), "at its own speed so far"
    assert run.row["verdict"] == "training"
    assert not now.finished
    assert progress.said(now) == "0 of 3 runs finished; about 2 min of training left"
    growing.finish(SIMCLR)
    assert words(snapshot(growing.directory))[SIMCLR] == "finished", "before the comparison says so"
    growing.finish(BYOL, PIXELS)
    growing.record(SIMCLR, BYOL, PIXELS)
    now = snapshot(growing.directory)
    assert now.finished
    assert progress.said(now) == "All 3 runs have finished"
    assert progress.section(now) is None


def test_what_waits_is_expected_to_take_what_others_take(growing: Growing) -> None:
    growing.plan()
    growing.finish(SIMCLR)
    now = snapshot(growing.directory)
    assert now.left == pytest.approx(84.0), (
        "BYOL is taken to need what SimCLR did; pixels take no step"
    )
    empty = [(run.row, where) for _, run, where in now.runs]
    assert time_left(empty, [], jobs=1) is None


def test_a_run_is_judged_until_every_protocol_of_the_plan_is_there(growing: Growing) -> None:
    growing.plan()
    growing.finish(SIMCLR)
    path = growing.directory / SIMCLR / "results.json"
    results = json.loads(path.read_text())
    path.write_text(json.dumps(results | {"test": {"knn": results["test"]["knn"]}}))
    now = snapshot(growing.directory)
    assert words(now)[SIMCLR] == "judged"
    (simclr,) = [c for c in now.comparison.contestants if c.name == "simclr"]
    assert simclr.values("knn")
    assert not simclr.values("linear")


def test_health_so_far_is_the_last_look_s(growing: Growing) -> None:
    growing.plan()
    growing.train(SIMCLR, 0.5)
    text = "All pictures get nearly the same features."
    folder = runs.RunFolder(growing.directory / SIMCLR)
    folder.log("look", step=121, progress=0.5, verdict="collapsed", verdict_text=text)
    now = snapshot(growing.directory)
    (row,) = [run.row for _, run, _ in now.runs if run.row["folder"] == SIMCLR]
    assert (row["verdict"], row["verdict_text"]) == ("collapsed", f"So far: {text}")
    section = progress.section(now)
    assert section is not None
    assert '<span class="chip trouble">collapsed</span>' in section.body


def test_a_run_that_diverged_has_failed_until_it_goes_on(growing: Growing) -> None:
    growing.plan()
    growing.train(SIMCLR, 0.5)
    folder = growing.directory / SIMCLR
    said = {"verdict": "diverged", "verdict_text": "The loss term 'nt_xent' became nan."}
    (folder / "results.json").write_text(json.dumps(said))
    now = snapshot(growing.directory)
    assert words(now)[SIMCLR] == "failed"
    section = progress.section(now)
    assert section is not None
    assert "&#39;nt_xent&#39; became nan" in section.body
    later = (folder / "results.json").stat().st_mtime + 5
    os.utime(folder / "metrics.jsonl", (later, later))
    assert words(snapshot(growing.directory))[SIMCLR] == "training"


def test_long_silence_is_said(growing: Growing) -> None:
    growing.plan()
    growing.train(SIMCLR, 0.5)
    assert progress.silence(snapshot(growing.directory)) == ""
    later = snapshot(growing.directory, time.time() + 600)
    assert progress.silence(later).startswith("Nothing has been written for 10 min")


def test_an_older_comparison_in_the_same_place_says_nothing_of_the_new_one(
    growing: Growing,
) -> None:
    growing.plan()
    failed = growing.rows[BYOL] | {"error": "The disk was full."}
    facts = growing.facts | {"rows": [failed], "created": "2020-01-01T00:00:00+00:00"}
    (growing.directory / "comparison.json").write_text(json.dumps(facts))
    assert words(snapshot(growing.directory))[BYOL] == "waiting"


def test_colours_stay_when_the_next_contestant_begins(growing: Growing) -> None:
    growing.plan()
    inks = {c.name: c.ink for c in snapshot(growing.directory).comparison.contestants}
    growing.finish(PIXELS, SIMCLR)
    growing.record(PIXELS)
    assert {c.name: c.ink for c in snapshot(growing.directory).comparison.contestants} == inks


# Without a plan -----------------------------------------------------------------------------------


def put(path: Path, method: str, **settings: object) -> Path:
    path.mkdir(parents=True)
    config.write(config.resolve(method, {"data": "shapes"} | settings), path / "run.yaml")
    return path


def test_one_run_alone(tmp_path: Path) -> None:
    alone = put(tmp_path / "seed-3", "byol", seed=3)
    folder = runs.RunFolder(alone)
    folder.log("look", step=0, progress=0.0, seconds=0.0, pictures=0, knn=0.1)
    folder.log("step", step=10, progress=0.4, seconds=20.0, pictures=160, losses={"l": 1.0})
    now = snapshot(alone)
    assert [c.name for c in now.comparison.contestants] == ["byol"]
    assert progress.said(now) == "40 % of the training is done; about 30 s of training left"
    folder.record(seconds=50.0, verdict="learning")
    assert words(snapshot(alone)) == {".": "judged"}, "there are labels: a kNN looked"
    folder.record(validation={"knn": {"accuracy": 0.5}})
    assert progress.said(snapshot(alone)) == "The run has finished"


def test_without_labels_a_run_has_finished_when_it_is_trained(tmp_path: Path) -> None:
    folder = runs.RunFolder(put(tmp_path / "loose", "byol"))
    folder.log("look", step=0, progress=0.0, seconds=0.0, pictures=0, recognised=0.1)
    folder.record(seconds=50.0, verdict="learning")
    assert snapshot(folder.path).finished


def test_folders_of_several_runs_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path / "shapes" / "simclr" / "seed-0", "simclr")
    put(tmp_path / "shapes" / "simclr" / "seed-1", "simclr", seed=1)
    put(tmp_path / "shapes" / "byol-momentum=0,0" / "seed-0", "byol", momentum=[0.0, 0.0])
    put(tmp_path / "tried" / "simclr" / "seed-0", "simclr", batch=64)
    put(tmp_path / "shapes" / "pixels" / "every-seed", "pixels")
    now = snapshot(tmp_path)
    seeds = {each.name: len(each.runs) for each in now.comparison.contestants}
    assert seeds == {
        "byol:momentum=0,0": 1,
        "simclr:shapes/simclr": 2,
        "simclr:tried/simclr": 1,
        "pixels": 1,
    }
    assert now.comparison.baselines[0].name == "pixels"
    assert not now.mixed


def test_runs_on_other_pictures_are_not_set_side_by_side(tmp_path: Path) -> None:
    for data in ("shapes", "digits"):
        folder = runs.RunFolder(put(tmp_path / data / "simclr" / "seed-0", "simclr", data=data))
        folder.record(seconds=1.0, validation={"knn": {"accuracy": 0.5}})
    now = snapshot(tmp_path)
    assert now.mixed
    assert now.comparison.protocols == []
    assert now.comparison.facts["data"]["name"] == "2 sets of pictures"


def test_a_folder_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="holds no run and no comparison; give the directory"):
        folders.check(tmp_path)
    with pytest.raises(Refusal, match="does not exist"):
        folders.check(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(Refusal, match="is a file"):
        folders.check(tmp_path / "a.txt")
    put(tmp_path / "a" / "b" / "c" / "d", "byol")
    folders.check(tmp_path)


def body(html: str) -> str:
    return html.split("<main>")[1].split("</main>", maxsplit=1)[0]


def test_a_finished_comparison_looks_as_its_report_does(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "neighbour_embedding", lambda features: None)  # it takes seconds
    report = write_report(whole).read_text()
    page = LivePage(whole)
    without = page.answer()[1].decode()
    assert page.answer()[1].decode() == without, "nobody waits until the maps are drawn"
    assert page.drawing is not None
    page.drawing.join()
    complete = page.answer()[1].decode()
    assert re.sub(r' data-mark="\w+"', "", body(complete)) == body(report)
    assert 'id="plane"' not in without, "what takes long comes when it is asked for again"
