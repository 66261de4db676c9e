"""Runs at once in several processes end as they would one after the other."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import selftaught
from selftaught import config, judging
from selftaught.comparison import compare, plan
from selftaught.comparison.jobs import (
    Job,
    _Worker,
    attempt,
    carry_out,
    cores,
    gpus,
    shares,
)
from selftaught.errors import Refusal
from selftaught.evaluation import predictions
from selftaught.runs import RunFolder, held
from selftaught.training import carry_out as carry_out_one
from selftaught.training import prepare

CONTESTANTS = ("simclr:projector=16,8", "byol:projector=16,8;predictor=16,8")


KNN = judging.resolve(["knn"])


def in_two_ways(out: Path, data: Path, quick: dict[str, Any], jobs: int) -> dict[str, Any]:
    made = plan(
        CONTESTANTS,
        out=out / str(jobs),
        baselines=("pixels",),
        overrides={**quick, "data": str(data)},
        jobs=jobs,
    )
    return compare(made)


def test_several_at_once_give_what_one_after_the_other_gives(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    one = in_two_ways(tmp_path, labelled, quick, 1)
    two = in_two_ways(tmp_path, labelled, quick, 2)
    names = [*CONTESTANTS, "pixels"]
    assert [row["contestant"] for row in two["rows"]] == names, "in the order of the plan"
    for alone, beside in zip(one["rows"], two["rows"], strict=True):
        assert beside["error"] is None
        assert beside["results"] == alone["results"]
        assert beside["verdict_text"] == alone["verdict_text"]
    for row in two["rows"]:
        weights = (tmp_path / str(jobs) / row["folder"] / "encoder.safetensors" for jobs in (1, 2))
        first, second = (file.read_bytes() for file in weights)
        assert first == second


class Fatal(config.Run):
    """Ends the process that it arrives in."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


def test_a_process_that_dies_costs_its_own_run_alone(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    def job(name: str, run: Any) -> Job:
        return Job(run, tmp_path / name, "validation", KNN, name)

    run = config.resolve("pixels", {**quick, "data": str(labelled)})
    fatal = Fatal.model_construct()
    jobs = [job("a", fatal), job("b", run), job("c", fatal), job("d", run)]
    ended = dict(carry_out(jobs, at_once=2))
    assert set(ended) == {0, 1, 2, 3}
    for place in (0, 2):
        assert "ended with code 9" in (ended[place].error or "")
    for place in (1, 3):
        assert ended[place].error is None
        assert "knn" in ended[place].results["validation"]


def test_a_process_that_dies_before_it_has_its_job_costs_that_alone(
    labelled: Path, quick: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where memory is short while it loads torch."""
    give, killed = _Worker.give, []

    def killing(worker: _Worker, place: int, job: Job) -> None:
        if place == 0:
            killed.append(worker.process.pid)
            worker.process.kill()
            worker.process.join()
        give(worker, place, job)

    monkeypatch.setattr(_Worker, "give", killing)
    run = config.resolve("pixels", {**quick, "data": str(labelled)})
    jobs = [Job(run, tmp_path / name, "validation", KNN, name) for name in "abc"]
    ended = dict(carry_out(jobs, at_once=2))
    assert killed
    assert "ended with code -9" in (ended[0].error or "")
    assert all(ended[place].error is None for place in (1, 2))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("shapes differ"), "RuntimeError: shapes differ"),
        (Refusal("no such class"), "no such class"),
        (ValueError("a mistake"), "ValueError: a mistake"),
    ],
)
def test_what_one_run_stumbles_over_does_not_end_the_others(
    error: Exception,
    said: str,
    labelled: Path,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(run: config.Run) -> Any:
        raise error

    monkeypatch.setattr("selftaught.training.prepare", broken)
    run = config.resolve("pixels", {**quick, "data": str(labelled)})
    assert attempt(Job(run, tmp_path / "a", "validation", KNN, "a")).error == said


def test_a_run_that_another_process_works_on_costs_its_own_row_alone(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    jobs = [
        Job(
            config.resolve(name, {**quick, "data": str(labelled)}),
            tmp_path / name,
            "validation",
            KNN,
            name,
        )
        for name in ("pixels", "untrained")
    ]
    RunFolder.open(jobs[0].folder, jobs[0].run)
    with held(jobs[0].folder):
        found = [attempt(job, live=False) for job in jobs]
    assert "another process works in" in str(found[0].error)
    assert found[1].error is None
    assert attempt(jobs[0], live=False).error is None


def test_answers_are_kept_before_their_number_is_written(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    """Whatever stops a reading, a number that is there has its answers beside it."""
    run = config.resolve("pixels", {**quick, "data": str(labelled)})
    folder = RunFolder.open(tmp_path / "a", run)

    def stop(name: str, result: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out_one(
            prepare(run), folder, split="validation", protocols=("knn", "linear"), told=stop
        )
    kept = predictions.answers(folder.path, "validation", "knn")
    assert kept is not None
    number = folder.results["validation"]["knn"]["accuracy"]
    assert kept.right.mean() == pytest.approx(number)


def test_a_run_that_fails_in_a_process_of_its_own_says_why(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    broken = config.resolve(
        "vicreg",
        {**quick, "data": str(labelled), "projector": [16, 8], "optimiser.rate": 1e30},
    )
    good = config.resolve("pixels", {**quick, "data": str(labelled)})
    jobs = [
        Job(run, tmp_path / name, "validation", KNN, name)
        for name, run in (("broken", broken), ("good", good))
    ]
    ended = dict(carry_out(jobs, at_once=2))
    assert ended[0].diverged
    assert "at step" in (ended[0].error or "")
    assert ended[1].error is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_all_runs_and_the_same_command_goes_on(
    number: signal.Signals, code: int, labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    settings = {**quick, "epochs": 400, "monitor.every": 400}
    words = [f"{key}={value}" for key, value in settings.items()]
    call = [sys.executable, "-m", "selftaught", "compare", *CONTESTANTS, "--jobs", "2"]
    call += ["--data", str(labelled), "--baselines", "none", "--out", str(tmp_path / "out")]
    for word in words:
        call += ["--set", word]
    process = subprocess.Popen(call, stderr=subprocess.PIPE, text=True, start_new_session=True)
    names = ("simclr-projector=16,8", "byol-projector=16,8-predictor=16,8")
    folders = [tmp_path / "out" / name for name in names]
    try:
        for folder in folders:
            metrics = folder / "seed-0" / "metrics.jsonl"
            while not (metrics.is_file() and '"kind": "look"' in metrics.read_text()):
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.05)
        time.sleep(0.5)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does it
        else:
            process.send_signal(number)
    finally:
        said = process.communicate(timeout=60)[1]
    assert process.returncode == code, said
    assert "same command" in said.strip().splitlines()[-1]
    assert "Traceback" not in said
    for folder in folders:
        assert (folder / "seed-0" / "checkpoint.safetensors").is_file()
        assert "verdict" not in RunFolder(folder / "seed-0").results


def test_none_at_once_is_refused() -> None:
    with pytest.raises(Refusal, match="--jobs 0 carries nothing out"):
        plan(["simclr"], out=Path("nowhere"), jobs=0)


def test_the_cores_are_those_that_may_be_used() -> None:
    program = "from selftaught.comparison.jobs import cores; print(cores())"
    if hasattr(os, "sched_setaffinity"):
        first = min(os.sched_getaffinity(0))
        program = f"import os; os.sched_setaffinity(0, {{{first}}}); {program}"
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert json.loads(found.stdout) == 1
    assert cores() >= 1


def test_a_run_does_not_go_on_with_other_pictures_or_labels(
    labelled: Path, quick: dict[str, Any], tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    shutil.copytree(labelled, pictures)
    run = config.resolve("pixels", {**quick, "data": str(pictures)})
    job = Job(run, tmp_path / "a", "validation", KNN, "a")
    assert attempt(job).error is None
    assert attempt(job).known
    (pictures / "across" / "0.png").rename(pictures / "down" / "moved.png")
    assert "have changed since" in (attempt(job).error or "")

    said: list[str] = []
    before = RunFolder(job.folder).results["validation"]["knn"]
    for _ in range(2):
        selftaught.evaluate(job.folder, protocols=["linear"], say=said.append)
    assert sum("judged anew" in sentence for sentence in said) == 1
    assert set(RunFolder(job.folder).results["validation"]) == {"linear"}, before


def test_each_process_has_its_share_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    each = max(1, cores() // 3)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert shares(3) == [(each, "0"), (each, "1"), (each, "0")]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-7,")
    assert gpus() == ["5", "GPU-7"], "by the names of whoever started us"
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert shares(1) == [(cores(), None)]


class Seen(type(Path())):  # type: ignore[misc]
    """A folder which, in the process that it arrives in, is named as the GPU that is seen there."""

    def __reduce__(self) -> Any:
        return eval, (f"__import__('pathlib').Path({str(self)!r}, {ASKED})",)


ASKED = "__import__('os').environ['CUDA_VISIBLE_DEVICES']"


def test_a_process_sees_the_gpu_that_it_is_given(quick: dict[str, Any], tmp_path: Path) -> None:
    run = config.resolve("pixels", {**quick, "data": "shapes", "data.take": 100})
    worker = _Worker(1, "3")
    worker.give(0, Job(run, Seen(tmp_path), None, KNN, "pixels"))
    _, outcome = worker.take()
    worker.dismiss()
    worker.process.join()
    assert outcome.error is None
    assert [folder.name for folder in tmp_path.iterdir()] == ["3"]
