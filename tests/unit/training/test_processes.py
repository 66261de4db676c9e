"""Several processes, started by torchrun, train what one would, stop together and go on together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from selftaught.runs import RunFolder, held

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")

pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="torch without gloo")


def command(processes: int, *words: str) -> list[str]:
    launcher = (*TORCHRUN, "-m", "--") if processes == 2 else ("-m",)
    return [sys.executable, *launcher, "selftaught", *words]


def begin(processes: int, place: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(processes, *words),
        cwd=place,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(processes: int, place: Path, *words: str) -> tuple[int, str, str]:
    begun = begin(processes, place, *words)
    out, errors = begun.communicate(timeout=240)
    return begun.returncode, out, errors


def of_run(labelled: Path, quick: dict[str, object], **more: object) -> list[str]:
    settings = {**quick, "projector": "16,8", **more}
    words = [f"{key}={value}" for key, value in settings.items()]
    return ["train", "byol", "predictor=16,8", "--data", str(labelled), *words]


def state(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoint.safetensors")


def moved(run: Path, *, weights: bool) -> torch.Tensor:
    """How far training has taken the encoder's weights, or its running statistics and counts."""
    first, *_, last = sorted((run / "encoders").iterdir())
    before, after = load_file(first), load_file(last)
    kept = [key for key in sorted(before) if key.endswith((".weight", ".bias")) == weights]
    return torch.cat([(after[key] - before[key]).double().flatten() for key in kept])


def test_two_processes_train_what_one_does(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    words = of_run(labelled, quick, **{"monitor.keep": True})
    assert done(1, tmp_path, *words, "--out", "one")[0] == 0
    code, out, errors = done(2, tmp_path, *words, "--out", "two")
    assert code == 0, errors
    assert out.count("Encoder: two/encoder.safetensors") == 1, "one of them speaks"
    one, two = tmp_path / "one", tmp_path / "two"
    assert {file.name for file in one.iterdir()} == {file.name for file in two.iterdir()}
    # Rounding grows from step to step; half the batch, or twice the gradient, would be another way.
    for weights, least in ((True, 0.1), (False, 0.001)):
        way, same = (moved(run, weights=weights) for run in (one, two))
        assert (way - same).norm() < least * way.norm(), weights
    losses = [
        [line["losses"]["regression"] for line in RunFolder(run).metrics("step")]
        for run in (one, two)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    looks = [RunFolder(run).metrics("look")[-1] for run in (one, two)]
    for name in ("projection_std", "loss_taught", "loss_held", "effective_rank"):
        assert looks[0][name] == pytest.approx(looks[1][name], rel=1e-2), name
    found = [RunFolder(run).results for run in (one, two)]
    assert [results["processes"] for results in found] == [1, 2]
    assert found[0]["pictures_seen"] == found[1]["pictures_seen"]
    assert found[0]["validation"].keys() == found[1]["validation"].keys()


def test_two_that_are_stopped_go_on_where_they_were(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    words = of_run(labelled, quick, epochs=30, **{"monitor.every": 15})
    begun = begin(2, tmp_path, *words, "--out", "stopped")
    metrics = tmp_path / "stopped" / "metrics.jsonl"
    patience = time.monotonic() + 120
    while not (metrics.is_file() and '"kind": "step"' in metrics.read_text(encoding="utf-8")):
        assert begun.poll() is None, begun.communicate()
        assert time.monotonic() < patience
        time.sleep(0.05)
    begun.send_signal(signal.SIGTERM)
    _, errors = begun.communicate(timeout=120)
    assert errors.count("Give the same command again to go on.") == 1
    assert not (tmp_path / "stopped" / "encoder.safetensors").is_file()
    code, _, errors = done(2, tmp_path, *words, "--out", "stopped")
    assert code == 0, errors
    assert done(2, tmp_path, *words, "--out", "whole")[0] == 0
    stopped, whole = state(tmp_path / "stopped"), state(tmp_path / "whole")
    for key, tensor in whole.items():
        assert torch.equal(stopped[key], tensor), key
    steps = [line["step"] for line in RunFolder(tmp_path / "stopped").metrics("look")]
    assert steps == sorted(set(steps))


def test_a_batch_that_does_not_divide_is_refused_once(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    words = of_run(labelled, quick | {"batch": 15})
    code, _, errors = done(2, tmp_path, *words, "--out", "run")
    assert code != 0
    assert errors.count("does not divide among them; give batch=14.") == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_of_another_run_is_refused_by_all(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    assert done(1, tmp_path, *of_run(labelled, quick), "--out", "run")[0] == 0
    before = (tmp_path / "run" / "results.json").read_bytes()
    code, _, errors = done(2, tmp_path, *of_run(labelled, quick, epochs=2), "--out", "run")
    assert code != 0
    assert errors.count("holds another run") == 1
    assert (tmp_path / "run" / "results.json").read_bytes() == before


def test_a_folder_that_another_command_works_in_is_refused_by_all(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    words = [*of_run(labelled, quick), "--out", "run"]
    assert done(1, tmp_path, *words)[0] == 0
    run = tmp_path / "run"
    (run / "results.json").unlink()
    before = {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}
    with held(run):
        ended = [done(processes, tmp_path, *words, "--log", "tensorboard") for processes in (1, 2)]
    assert ended[0][0] == 2
    assert ended[1][0] != 0
    for _, _, errors in ended:
        assert errors.count("another process works in run; wait until it has ended") == 1
    after = {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}
    assert after == before


IN_TWO_PLACES = """
from pathlib import Path
from selftaught import config
from selftaught.errors import Refusal
from selftaught.training import prepare, processes, together

processes.PATIENCE = 1.0
setup = prepare(config.resolve("byol", {settings}))
try:
    with together(setup, Path("run")):
        print("begun")
except Refusal as refusal:
    print(refusal)
"""


def test_machines_that_share_no_folder_are_told(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    for place in ("0", "1"):
        (tmp_path / place).mkdir()
    script = tmp_path / "script.py"
    script.write_text(IN_TWO_PLACES.replace("{settings}", repr({**quick, "data": str(labelled)})))
    ended = subprocess.run(
        [
            sys.executable,
            *TORCHRUN,
            "--no-python",
            "sh",
            "-c",
            f"cd $RANK && {sys.executable} {script}",
        ],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.count("not all processes see the same") == 2
    assert "begun" not in ended.stdout


@pytest.mark.parametrize("words", [("compare", "simclr"), ("doctor", "pictures")])
def test_what_is_not_shared_is_started_once(words: tuple[str, ...], tmp_path: Path) -> None:
    ended = subprocess.run(
        command(1, *words),
        cwd=tmp_path,
        env=os.environ | {"WORLD_SIZE": "4", "RANK": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert f"4 processes were started together, and of {words[0]} one is enough" in ended.stderr
    assert ("--jobs" in ended.stderr) == (words[0] == "compare")
    assert not list(tmp_path.iterdir())
