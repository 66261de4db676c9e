"""Each tracker as its own package writes it, where that is installed; and the calls, where it is not."""

import importlib
import os
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from selftaught import trackers
from selftaught.runs import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # of packages that are not ours

VARIABLES = ("WANDB_MODE", "WANDB_PROJECT", "WANDB_ERROR_REPORTING", "MLFLOW_TRACKING_URI")
VARIABLES = (*VARIABLES, "MLFLOW_EXPERIMENT_NAME", "MLFLOW_DISABLE_TELEMETRY")


@pytest.fixture
def run(
    started: Callable[..., RunFolder],
    trained: Callable[[RunFolder, range], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> RunFolder:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is as it was afterwards
        monkeypatch.delenv(name)
    folder = started(Path("out/simclr/seed-0"))
    trained(folder, range(1, 9))
    return folder


@pytest.fixture
def afresh() -> Iterator[None]:
    """Modules that read the environment when they are imported are imported again."""
    yield
    for name in ("wandb", "mlflow"):
        sys.modules.pop(f"selftaught.trackers.{name}", None)


Sittings = Callable[[RunFolder, str], list[str]]


@pytest.fixture
def sittings(
    trained: Callable[[RunFolder, range], None], finished: Callable[[RunFolder], None]
) -> Sittings:
    """Told of eight steps; then resumed at the sixth, told to the twelfth and of the end."""

    def go(folder: RunFolder, name: str) -> list[str]:
        said: list[str] = []
        trackers.tell([folder.path], [name], said.append)
        folder.rewind(6)
        trained(folder, range(7, 13))
        finished(folder)
        trackers.tell([folder.path], [name], said.append)
        return said

    return go


def test_tensorboard_s_events_hold_every_step_once(run: RunFolder, sittings: Sittings) -> None:
    pytest.importorskip("tensorboardX")
    said = sittings(run, "tensorboard")
    assert said[0] == "TensorBoard: tensorboard --logdir out/simclr/seed-0"
    files = sorted(run.path.glob("events.out.tfevents.*"))
    assert len(files) == 2, "one a sitting"
    values: dict[str, list[tuple[int, float, float]]] = {}
    for event in (event for file in files for event in events(file)):
        for value in event.summary.value:
            place = values.setdefault(value.tag, [])
            place.append((event.step, value.simple_value, event.wall_time))
    assert [step for step, _, _ in values["losses/nt_xent"]] == list(range(1, 13))
    assert [step for step, _, _ in values["looks/knn"]] == [4, 8, 12]
    step, loss, wall = values["loss"][-1]
    assert (step, wall) == (12, 1796004000.0 + 24.0)
    assert loss == pytest.approx(6.0 - 1.2)
    assert values["test/linear"][0][:2] == (12, pytest.approx(0.6))
    assert len(values["configuration/text_summary"]) == 1


def events(path: Path) -> Iterator[Any]:
    """The records of an event file: length, its checksum, the event, its checksum."""
    from tensorboardX.proto import event_pb2

    content = path.read_bytes()
    place = 0
    while place < len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        yield event_pb2.Event.FromString(content[place + 12 : place + 12 + length])
        place += 16 + length


def test_mlflow_s_store_holds_every_step_once(
    run: RunFolder, sittings: Sittings, afresh: None
) -> None:
    pytest.importorskip("mlflow")
    said = sittings(run, "mlflow")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    from mlflow.tracking import MlflowClient

    store = f"sqlite:///{Path.cwd() / 'mlflow.db'}"
    assert said == [f"MLflow: {store}; to look: mlflow ui"] * 2
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("selftaught-shapes")
    (found,) = client.search_runs([experiment.experiment_id])
    assert (found.info.run_name, found.info.status) == ("simclr/seed-0", "FINISHED")
    history = client.get_metric_history(found.info.run_id, "losses/nt_xent")
    assert sorted(metric.step for metric in history) == list(range(1, 13))
    assert found.data.metrics["test/linear"] == pytest.approx(0.6)
    assert found.data.params["method.name"] == "simclr"
    assert found.data.tags["verdict"] == "learning"


def test_wandb_s_files_lie_in_the_run_folder(
    run: RunFolder, sittings: Sittings, afresh: None
) -> None:
    pytest.importorskip("wandb")
    said = sittings(run, "wandb")
    assert "offline" in said[0]
    found = sorted(run.path.glob("wandb/offline-run-*/run-*.wandb"))
    assert len({path.name for path in found}) == 1, "both sittings are one run"
    assert os.environ["WANDB_ERROR_REPORTING"] == "false"
    assert b"nt_xent" in found[0].read_bytes()


class Stub:
    """Keeps the calls that are made of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self.calls.append((name, given, named))
            return ANSWERS.get(name)

        return call

    def named(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(given, named) for called, given, named in self.calls if called == name]


ANSWERS = {
    "create_experiment": "1",
    "create_run": SimpleNamespace(info=SimpleNamespace(run_id="abc")),
}


def module(name: str, **content: Any) -> ModuleType:
    found = ModuleType(name)
    vars(found).update(content)
    return found


@pytest.mark.parametrize("mode", [None, "online"])
def test_the_calls_of_wandb(
    mode: str | None,
    run: RunFolder,
    sittings: Sittings,
    afresh: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Stub()
    told = Stub()
    summary: dict[str, str] = {}

    def init(**given: Any) -> Any:
        made.init(**given)
        settings = SimpleNamespace(mode=given["mode"] or os.environ["WANDB_MODE"])
        return SimpleNamespace(
            log=told.log, finish=told.finish, summary=summary, settings=settings, url="https://w"
        )

    settings = type("Settings", (), {"model_fields": {"console": 0}, "__init__": made.settings})
    if mode is not None:
        monkeypatch.setenv("WANDB_MODE", mode)
    monkeypatch.setitem(sys.modules, "wandb", module("wandb", init=init, Settings=settings))
    said = sittings(run, "wandb")
    (_, first), (_, second) = made.named("init")
    assert first["mode"] == (None if mode else "offline"), "the user's own word counts"
    assert ("https://w" in said[0]) == (mode == "online")
    assert first["id"] == second["id"]
    assert ("resume" in first, second["resume"]) == (False, "allow")
    assert first["dir"] == str(run.path)
    assert first["config"]["method.name"] == "simclr"
    steps = [named["step"] for _, named in told.named("log")]
    assert steps == list(range(1, 13))
    assert len(told.named("finish")) == 2
    assert summary["verdict"] == "learning"


def test_the_calls_of_mlflow(
    run: RunFolder, sittings: Sittings, afresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Stub()
    of = SimpleNamespace
    entities = {
        "Metric": lambda key, value, timestamp, step: of(key=key, step=step, timestamp=timestamp),
        "Param": lambda key, value: of(key=key, value=value),
        "RunTag": lambda key, value: of(key=key, value=value),
    }
    known = {
        "mlflow": module("mlflow", get_tracking_uri=lambda: "sqlite:///here"),
        "mlflow.entities": module("mlflow.entities", **entities),
        "mlflow.tracking": module("mlflow.tracking", MlflowClient=lambda: client),
    }
    for name, content in known.items():
        monkeypatch.setitem(sys.modules, name, content)
    importlib.invalidate_caches()
    sittings(run, "mlflow")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true", "it tells of its use otherwise"
    assert len(client.named("create_run")) == 1
    batches = [named.get("metrics", []) for _, named in client.named("log_batch")]
    losses = [each for batch in batches for each in batch if each.key == "loss"]
    assert [each.step for each in losses] == list(range(1, 13))
    assert losses[0].timestamp == 1796004002000
    assert client.named("set_terminated") == [(("abc",), {})]
