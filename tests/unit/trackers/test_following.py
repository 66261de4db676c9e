"""What trackers are told, in what order, and only once; and what happens when one of them breaks."""

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import selftaught
from selftaught import trackers
from selftaught.errors import Refusal, RunFailed
from selftaught.runs import RunFolder
from selftaught.trackers import follow, names, records
from selftaught.trackers.tracker import About, Record, Tracker

STARTED = 1796004000.0


class Heard:
    """Everything that was told to trackers of a made-up kind."""

    def __init__(self) -> None:
        self.known: list[str | None] = []
        self.records: list[Record] = []
        self.words: list[dict[str, str]] = []
        self.closed: list[bool] = []
        self.breaks = False

    @property
    def steps(self) -> list[int]:
        return [record.step for record in self.records]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    found = Heard()

    class Teller(Tracker):
        def __init__(self, about: About, known: str | None) -> None:
            found.known.append(known)
            self.identity = known or "first"
            self.where = f"look into {about.home}"

        def tell(self, records: Sequence[Record]) -> None:
            if found.breaks:
                raise OSError("the disk is full")
            found.records += records

        def conclude(self, words: dict[str, str]) -> None:
            found.words.append(words)

        def close(self, *, ended: bool) -> None:
            found.closed.append(ended)

    monkeypatch.setattr(names, "kind", lambda name: Teller)
    return found


Begin = Callable[..., RunFolder]
GoOn = Callable[[RunFolder, range], None]
End = Callable[[RunFolder], None]


def test_numbers_go_by_the_names_of_the_run_folder(
    started: Begin, trained: GoOn, finished: End, tmp_path: Path
) -> None:
    folder = started(tmp_path / "simclr" / "seed-0")
    trained(folder, range(1, 5))
    folder.log("step", step=5, seconds=10.0, pictures=80, losses={"nt_xent": None}, scores={"a": 1})
    finished(folder)
    found, now = records.untold(folder, {}, STARTED)
    assert [record.step for record in found] == [1, 2, 3, 4, 5]
    first = {"losses/nt_xent": 5.9, "loss": 5.9, "rate": 0.1, "epoch": 0.25}
    assert found[0].values == pytest.approx(first)
    assert found[0].at == STARTED + 2.0, "the seconds of training, whenever it is told"
    assert found[3].values["looks/knn"] == 0.1
    judged = {"test/knn": 0.5, "test/linear": 0.6, "cost/seconds": 40.0, "scores/a": 1.0}
    assert found[4].values == judged, "what is not finite, and what is no number, is left out"
    assert records.untold(folder, now, STARTED)[0] == []


def test_who_a_run_is_comes_from_its_own_files(started: Begin, tmp_path: Path) -> None:
    folder = started(tmp_path / "simclr" / "seed-0")
    who = records.about(folder, tmp_path)
    assert (who.name, who.data) == ("simclr/seed-0", "shapes")
    assert who.settings["method.name"] == "simclr"
    assert who.began == STARTED
    other = records.about(started(tmp_path / "simclr" / "seed-1"), tmp_path)
    assert other.identity != who.identity == records.about(folder, tmp_path / "simclr").identity


def test_a_resumed_run_says_no_step_twice(
    heard: Heard, started: Begin, trained: GoOn, finished: End, tmp_path: Path
) -> None:
    folder = started(tmp_path / "simclr" / "seed-0")
    trained(folder, range(1, 11))
    assert trackers.tell([folder.path], ["mine"], print) == 10
    folder.rewind(6)  # its checkpoint; what came after is trained, and written, again
    trained(folder, range(7, 15))
    assert trackers.tell([folder.path], ["mine"], print) == 4
    finished(folder)
    trackers.tell([folder.path], ["mine"], print)
    assert heard.steps == [*range(1, 15), 14], "results stand at the last step"
    assert heard.known == [None, "first", "first"]
    assert heard.words == [{"verdict": "learning", "verdict_text": "kNN rose."}]
    assert heard.closed == [False, False, True]
    assert trackers.tell([folder.path], ["mine"], print) == 0
    assert len(heard.known) == 3, "nobody is bothered when there is nothing to tell"
    folder.record(validation={"mlp": {"accuracy": 0.7}})
    trackers.tell([folder.path], ["mine"], print)
    assert heard.records[-1].values == {"validation/mlp": 0.7}
    assert heard.closed[-1] is True
    assert len(heard.words) == 1


def test_what_goes_on_is_told_while_it_does(
    heard: Heard,
    started: Begin,
    trained: GoOn,
    finished: End,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow, "SECONDS", 0.01)
    told, path = threading.Event(), tmp_path / "out" / "simclr"
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        told.set()

    with trackers.following([path, tmp_path / "out" / "byol"], ["mine"], say):
        folder = started(path)
        trained(folder, range(1, 4))
        assert told.wait(60)
        trained(folder, range(4, 6))
        finished(folder)
    assert heard.steps[-1] == 5
    assert len(heard.steps) - len(set(heard.steps)) <= 1
    assert heard.words
    assert heard.closed == [True]
    assert said == [f"look into {tmp_path / 'out'}"]


def test_a_tracker_that_breaks_is_said_once_and_ends_nothing(
    heard: Heard, started: Begin, trained: GoOn, tmp_path: Path
) -> None:
    folder = started(tmp_path / "simclr")
    heard.breaks = True
    said: list[str] = []
    with trackers.following([folder.path], ["mine"], said.append):
        trained(folder, range(1, 4))
    assert said[1:] == [
        f"mine was not told all of {folder.path} (the disk is full); "
        f"'selftaught log {folder.path} --to mine' goes on where this stopped."
    ]
    with pytest.raises(RunFailed, match="the disk is full"):
        trackers.tell([folder.path], ["mine"], print)
    heard.breaks = False
    assert trackers.tell([folder.path], ["mine"], print) == 3


def test_nobody_is_told_unasked(started: Begin, trained: GoOn, tmp_path: Path) -> None:
    folder = started(tmp_path / "simclr")
    with trackers.following([folder.path], [], print):
        assert not [each for each in threading.enumerate() if each.name == "trackers"]
        trained(folder, range(1, 4))
    assert not (folder.path / follow.FILE).exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["tensorbord"], "There is no tracker 'tensorbord'; did you mean 'tensorboard'?"),
        (["wandb"], "the package wandb is needed, which is not installed: pip install wandb"),
        (["mlflow", "x"], "mlflow is needed, which is not installed: pip install mlflow"),
    ],
)
def test_what_is_missing_is_said_before_anything_begins(
    asked: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "wandb").mkdir()  # W&B's own logs: a folder that Python takes for a package
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = names.util.find_spec

    def find(name: str) -> Any:
        spec = seen(name)
        return spec if spec is None or spec.origin is None or name not in names.NAMES else None

    monkeypatch.setattr(names.util, "find_spec", find)
    with pytest.raises(Refusal, match=said.replace("?", r"\?").replace("(", r"\(")):
        trackers.check(asked)


def test_a_run_that_is_refused_is_not_told_of(
    heard: Heard, labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    pictures, out = tmp_path / "pictures", tmp_path / "run"
    shutil.copytree(labelled, pictures)
    given = {key.replace(".", "__"): value for key, value in quick.items()}

    def train() -> None:
        words = {"data": str(pictures), "out": out, "projector": [16, 8], "log": "tensorboard"}
        selftaught.train("simclr", **words, **given)  # type: ignore[arg-type]

    train()
    assert heard.words, "a run that goes through is"
    (out / "trackers.json").unlink()
    heard.records.clear()
    next(pictures.glob("*/*.png")).unlink()
    with pytest.raises(Refusal, match="have changed"):
        train()
    assert not heard.records
    assert not (out / "trackers.json").exists()
