"""The run folder keeps what it was told, whatever happens while it is told."""

import errno
import json
import math
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from selftaught import config, runs
from selftaught.errors import Refusal, RunFailed
from selftaught.runs import RunFolder, held, move_aside, write_atomically, write_json

RUN = config.resolve("simclr", {"epochs": 3})


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.open(tmp_path / "run", RUN)


def names(path: Path) -> set[str]:
    return {each.name for each in path.iterdir()}


def test_a_write_that_breaks_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def breaks(beside: Path) -> None:
        beside.write_bytes(b"half")
        assert path.read_bytes() == b"old"  # a reader in the middle
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, breaks)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"file"}
    write_atomically(path, lambda beside: beside.write_bytes(b"new"))
    assert path.read_bytes() == b"new"


def test_others_may_read_what_the_user_lets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "UMASK", 0o022)
    write_atomically(tmp_path / "open", b"")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644
    monkeypatch.setattr(runs, "UMASK", 0o077)
    write_json(tmp_path / "private.json", {})
    assert stat.S_IMODE((tmp_path / "private.json").stat().st_mode) == 0o600


def test_whoever_finds_a_run_finds_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its configuration is what marks it: that is written last, and not by halves."""

    def breaks(run: config.Run, path: Path) -> None:
        path.write_text("method:")
        raise KeyboardInterrupt

    path = tmp_path / "run"
    monkeypatch.setattr(config, "write", breaks)
    with pytest.raises(KeyboardInterrupt):
        RunFolder.open(path, RUN)
    assert not RunFolder(path).exists()
    assert names(path) == {"environment.json"}
    (path / ".run.yaml.abc").write_text("method:")  # of a process that was killed
    monkeypatch.undo()
    folder = RunFolder.open(path, RUN)
    assert folder.run == RUN
    assert folder.environment["versions"]


def test_damaged_results_are_named(folder: RunFolder) -> None:
    (folder.path / "results.json").write_text("{")
    with pytest.raises(RunFailed, match=r"results\.json is damaged"):
        _ = folder.results


def test_numbers_that_json_lacks_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": [math.nan, 1.5], "b": {"c": -math.inf}, "é": (1,)})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": [None, 1.5], "b": {"c": None}, "é": [1]}
    assert "NaN" not in text


def test_a_new_folder_holds_the_configuration_and_where_it_ran(folder: RunFolder) -> None:
    assert folder.exists()
    assert folder.run == RUN
    assert names(folder.path) == {"run.yaml", "environment.json"}
    facts = json.loads((folder.path / "environment.json").read_text())
    assert facts["versions"]["torch"]
    assert facts["cores"] >= 1
    assert folder.results == {}
    assert folder.metrics("step") == []


def test_the_same_run_goes_on_and_another_is_refused(folder: RunFolder) -> None:
    folder.record(seconds=1.0)
    again = RunFolder.open(folder.path, RUN)
    assert again.results == {"seconds": 1.0}
    other = config.resolve("simclr", {"epochs": 4, "temperature": 0.9})
    with pytest.raises(Refusal) as caught:
        RunFolder.open(folder.path, other)
    assert "epochs: 3, now 4" in str(caught.value)
    assert "method.temperature: " in str(caught.value)
    assert "--fresh" in str(caught.value)
    assert folder.run == RUN


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "holiday"
    place.mkdir()
    (place / "picture.jpg").write_bytes(b"x")
    with pytest.raises(Refusal, match="is not empty and holds no run"):
        RunFolder.open(place, RUN)
    assert names(place) == {"picture.jpg"}
    with pytest.raises(Refusal, match="holds no run"):
        RunFolder.open(place / "picture.jpg", RUN)


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".lock").touch()  # of a comparison that was stopped at once
    assert RunFolder.open(tmp_path / "empty", RUN).exists()


def test_a_place_that_cannot_be_written_is_refused_and_a_full_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal, match="cannot be written: Not a directory; choose another folder"):
        RunFolder.open(tmp_path / "file" / "run", RUN)

    def full(path: Path, content: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write_atomically", full)
    with pytest.raises(RunFailed, match="No space left on device"):
        RunFolder.open(tmp_path / "run", RUN)


def test_fresh_keeps_every_older_run_under_another_name(tmp_path: Path) -> None:
    place = tmp_path / "run"
    for number in range(4):  # within one second
        RunFolder.open(place, RUN, fresh=True).record(number=number)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 4
    assert sorted(RunFolder(path).results["number"] for path in kept) == [0, 1, 2, 3]
    assert RunFolder(place).results["number"] == 3


def test_moving_aside_what_is_not_there_does_nothing(tmp_path: Path) -> None:
    move_aside(tmp_path / "nothing")
    assert names(tmp_path) == set()


HOLDER = """
import sys
from pathlib import Path
from selftaught.runs import held

with held(Path(sys.argv[1])):
    print("inside", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_in(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "inside\n"
        yield other
        other.kill()


def test_a_folder_is_one_process_at_a_time_until_that_ends(tmp_path: Path) -> None:
    with another_process_in(tmp_path) as other:
        match = r"another process works in .*choose another folder"
        with pytest.raises(Refusal, match=match), held(tmp_path):
            pytest.fail("two are inside")
        other.send_signal(signal.SIGKILL)
        other.wait()
        with held(tmp_path):
            pass
    with held(tmp_path), held(tmp_path / "below"):
        pass


def test_what_is_worked_on_is_not_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "run"
    RunFolder.open(path, RUN)
    with another_process_in(path), pytest.raises(Refusal, match="another process works in"):
        RunFolder.open(path, RUN, fresh=True)
    assert names(tmp_path) == {"run"}
    RunFolder.open(path, RUN, fresh=True)
    assert len(names(tmp_path)) == 2


def test_where_there_are_no_locks_nobody_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(self: object, *args: object, **more: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr("filelock.FileLock.acquire", lacking)
    with held(tmp_path):
        write_json(tmp_path / "results.json", {})
    assert "results.json" in names(tmp_path)


def test_results_are_added_to(folder: RunFolder) -> None:
    folder.record(seconds=2.0, verdict="learning")
    folder.record(test={"knn": {"accuracy": 0.5}}, seconds=3.0)
    assert folder.results == {
        "seconds": 3.0,
        "verdict": "learning",
        "test": {"knn": {"accuracy": 0.5}},
    }


def log(folder: RunFolder, kind: str, *steps: int, **values: Any) -> None:
    for step in steps:
        folder.log(kind, step=step, **values)


def test_metrics_are_read_back_by_kind(folder: RunFolder) -> None:
    log(folder, "step", 1, 2, losses={"nt_xent": 1.0})
    log(folder, "look", 2, knn=math.nan)
    assert [line["step"] for line in folder.metrics("step")] == [1, 2]
    assert folder.metrics("look") == [{"kind": "look", "step": 2, "knn": None}]


def test_half_a_line_is_passed_over_and_costs_no_other(folder: RunFolder) -> None:
    log(folder, "step", 1, 2)
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "step", "st')  # killed while it wrote
    assert [line["step"] for line in folder.metrics("step")] == [1, 2]
    log(folder, "step", 3)
    assert [line["step"] for line in folder.metrics("step")] == [1, 2, 3]


def test_rewinding_forgets_what_came_after_the_checkpoint(folder: RunFolder) -> None:
    log(folder, "step", 1, 2, 3)
    log(folder, "look", 0, 3)
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write('{"kind"')
    folder.rewind(2)
    assert [line["step"] for line in folder.metrics("step")] == [1, 2]
    assert [line["step"] for line in folder.metrics("look")] == [0]
    assert len((folder.path / "metrics.jsonl").read_text().splitlines()) == 3
    folder.rewind(0)
    assert folder.metrics("step") == []


def test_each_reading_of_test_is_logged(folder: RunFolder) -> None:
    assert folder.count_reading(["knn"]) == 1
    assert folder.count_reading(["knn", "linear"]) == 2
    with (folder.path / "readings.jsonl").open("a") as file:
        file.write('{"at": "20')
    assert folder.count_reading(["linear"]) == 3
    readings = list(folder._lines("readings.jsonl"))
    assert [line["protocols"] for line in readings] == [["knn"], ["knn", "linear"], ["linear"]]
    assert all(line["at"] for line in readings)
