"""The loop on a few drawn shapes: resume is exact, failures are named and lose nothing."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.testing import assert_close

from selftaught import config
from selftaught.encoders import files
from selftaught.errors import Diverged, Interrupted, Refusal, RunFailed
from selftaught.methods import Outputs
from selftaught.runs import RunFolder
from selftaught.training import carry_out, checkpoints, prepare
from selftaught.training import loop as loop_module
from selftaught.training.learner import Learner
from selftaught.training.progress import Reporter
from selftaught.training.setup import Setup

SMALL = {
    "data": "shapes",
    "data.take": 120,
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 32,
    "epochs": 2,
    "monitor.every": 1,
    "precision": "float32",
    "threads": 1,
}
HEADS = {
    "simclr": {"projector": [16, 8]},
    "byol": {"projector": [16, 8], "predictor": [16, 8]},
    "moco": {"projector": [16, 8], "queue": 40},
    "swav": {"projector": [16, 8], "prototypes": 6, "queue": 40, "queue_start": 0.5},
    "vicreg": {"projector": [16, 8]},
    "wmse": {"projector": [16, 8], "slice_size": 16},
    "supervised": {},
}
DINO = {"projector": [16, 8], "prototypes": 12}


def a_run(name: str, **changes: Any) -> config.Run:
    return config.resolve(name, SMALL, HEADS[name], changes)


def go(setup: Setup, folder: RunFolder) -> float:
    reporter = Reporter("test", setup.steps)
    try:
        return loop_module.train(setup, folder, reporter)
    finally:
        reporter.close()


def weights(setup: Setup) -> dict[str, Tensor]:
    assert isinstance(setup.model, torch.nn.Module)
    return setup.model.state_dict()


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(
    name: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumes_bit_for_bit(a_run(name, precision=precision), tmp_path, monkeypatch)


@pytest.mark.parametrize("optimiser", get_args(config.Optimiser.model_fields["name"].annotation))
def test_every_optimiser_resumes_bit_for_bit(
    optimiser: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"optimiser.name": optimiser, "optimiser.rate": 0.01, "optimiser.decay": 0.1}
    resumes_bit_for_bit(a_run("simclr", **chosen), tmp_path, monkeypatch)


def resumes_bit_for_bit(run: config.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prepare(run)
    go(whole, RunFolder.open(tmp_path / "whole", run))

    folder = RunFolder.open(tmp_path / "halves", run)
    first = prepare(run)
    assert isinstance(first.model, torch.nn.Module)
    stop_after(first, steps=4, monkeypatch=monkeypatch)
    with pytest.raises(Interrupted):
        go(first, folder)
    second = prepare(run)
    go(second, folder)
    for key, value in weights(whole).items():
        assert torch.equal(value, weights(second)[key]), key
    lines = folder.metrics("look")
    assert [line["step"] for line in lines] == sorted({line["step"] for line in lines})


def stop_after(setup: Setup, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send this process a real SIGTERM after some steps."""
    assert isinstance(setup.model, torch.nn.Module)
    original, count = setup.model.after_step, 0

    def after_step(outputs: Any, progress: float) -> None:
        nonlocal count
        original(outputs, progress)
        count += 1
        if count == steps:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(setup.model, "after_step", after_step)


def test_a_signal_saves_and_says_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run("simclr")
    setup = prepare(run)
    stop_after(setup, 2, monkeypatch)
    with pytest.raises(Interrupted, match="step 2 of 6") as caught:
        go(setup, RunFolder.open(tmp_path / "run", run))
    assert caught.value.code == 143
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()


def test_a_loss_that_is_not_finite_is_named_with_its_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run("simclr")
    setup = prepare(run)
    assert isinstance(setup.model, torch.nn.Module)
    original, count = setup.model.forward, 0

    def forward(batch: Any) -> Any:
        nonlocal count
        count += torch.is_grad_enabled()  # a look asks for losses too, and learns nothing from them
        outputs = original(batch)
        if count == 3:
            outputs.losses["nt_xent"] = outputs.losses["nt_xent"] * float("nan")
        return outputs

    monkeypatch.setattr(setup.model, "forward", forward)
    with pytest.raises(Diverged, match=r"'nt_xent' became nan at step 3 of 6"):
        go(setup, RunFolder.open(tmp_path / "run", run))


def test_a_full_disk_fails_with_a_sentence_and_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run("simclr")
    folder = RunFolder.open(tmp_path / "run", run)
    setup = prepare(run)
    go(setup, folder)
    before = (folder.path / "checkpoint.safetensors").read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(RunFailed, match="No space left"):
        checkpoints.save(folder.path / "checkpoint.safetensors", loop_module.ready(setup), step=1)
    assert (folder.path / "checkpoint.safetensors").read_bytes() == before
    assert not list(folder.path.glob(".checkpoint*"))


def test_a_checkpoint_executes_nothing_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    run = a_run("simclr")
    folder = RunFolder.open(tmp_path / "run", run)
    path = folder.path / "checkpoint.safetensors"
    tensors = {"x": torch.zeros(1)}
    damaged: list[Callable[[], object]] = [
        lambda: path.write_bytes(b"\x80\x04 not tensors"),
        lambda: save_file(tensors, path),  # without a header
        lambda: save_file(tensors, path, metadata={"selftaught": "{half"}),
        lambda: save_file(tensors, path, metadata={"selftaught": "[]"}),
    ]
    for damage in damaged:
        damage()
        with pytest.raises(RunFailed, match="--fresh"):
            go(prepare(run), folder)


def test_what_is_left_is_reckoned_from_the_step_where_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    reporter = Reporter("test", 100)
    now[0] += 500  # a checkpoint is read
    reporter.begins(90)
    now[0] += 20
    reporter.step(95, 1.0, {}, 1.0)
    assert "20 s left" in capsys.readouterr().err


def test_carrying_out_twice_computes_once(tmp_path: Path) -> None:
    run = a_run("simclr")
    folder = RunFolder.open(tmp_path / "run", run)
    first = carry_out(prepare(run), folder, split="validation")
    setup = prepare(run)
    again = carry_out(setup, folder, split="validation")
    assert first == again
    assert {"knn", "linear"} <= set(first["validation"])
    assert first["pictures_seen"] == setup.steps * 32
    assert first["peak_memory_bytes"] > 0


def test_each_reading_of_test_is_counted(tmp_path: Path) -> None:
    run = a_run("simclr", final=True)
    folder = RunFolder.open(tmp_path / "run", run)
    carry_out(prepare(run), folder, split="test", protocols=("knn",))
    found = carry_out(prepare(run), folder, split="test", protocols=("knn", "linear"))
    assert found["test_readings"] == 2
    assert set(found["test"]) == {"knn", "linear"}


@pytest.mark.parametrize("name", ["untrained", "pixels", "random_patches"])
def test_baselines_go_through_the_same_evaluation(name: str, tmp_path: Path) -> None:
    extra = {"patches": 10} if name == "random_patches" else {}
    run = config.resolve(name, SMALL, extra)
    found = carry_out(prepare(run), RunFolder.open(tmp_path / "run", run), split="validation")
    assert found["verdict"] == "fitted"
    assert 0 <= found["validation"]["linear"]["accuracy"] <= 1
    assert (tmp_path / "run" / "encoder.safetensors").is_file()


def test_a_differing_configuration_is_refused_with_the_keys(tmp_path: Path) -> None:
    RunFolder.open(tmp_path / "run", a_run("simclr"))
    with pytest.raises(Refusal, match=r"method\.temperature"):
        RunFolder.open(tmp_path / "run", a_run("simclr", temperature=0.3))


def test_fresh_moves_the_old_folder_aside(tmp_path: Path) -> None:
    RunFolder.open(tmp_path / "run", a_run("simclr"))
    RunFolder.open(tmp_path / "run", a_run("simclr", temperature=0.3), fresh=True)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_batch_larger_than_the_set_is_refused() -> None:
    with pytest.raises(Refusal, match=r"batch=256 is larger than the 108 pictures.*batch=64"):
        prepare(a_run("simclr", batch=256))


def test_a_final_run_learns_from_validation_too() -> None:
    development, final = prepare(a_run("simclr")), prepare(a_run("simclr", final=True))
    held_back = len(development.splits.validation)
    assert len(final.source) == len(development.source) + held_back


def test_first_weights_follow_from_the_seed_alone() -> None:
    torch.manual_seed(123)
    one = prepare(a_run("simclr")).encoder.state_dict()
    torch.manual_seed(456)
    two = prepare(a_run("vicreg")).encoder.state_dict()
    other = prepare(a_run("simclr", seed=1)).encoder.state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_the_same_pictures_whatever_the_step_it_starts_from() -> None:
    setup = prepare(a_run("simclr"))
    whole = list(loop_module.requests(setup, 0))
    late = list(loop_module.requests(setup, 3))
    assert len(whole) == setup.steps == 6
    for a, b in zip(whole[3:], late, strict=True):
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.plan.boxes, b.plan.boxes)
    first_epoch = torch.cat([request.index for request in whole[:3]])
    assert len(first_epoch.unique()) == len(first_epoch)


def test_methods_that_need_labels_get_them_and_others_do_not() -> None:
    for name in ("simclr", "supervised"):
        setup = prepare(a_run(name))
        assert not isinstance(setup.model, dataclasses.Field)
        (fetched, *_) = setup.source.fetch(loop_module.requests(setup, 5), setup.views.crop)
        batch = loop_module.assemble(setup, setup.model, fetched, 5)  # type: ignore[arg-type]
        assert (batch.labels is not None) == (name == "supervised")


def test_full_views_and_small_crops_are_shown_apart() -> None:
    setup = prepare(
        config.resolve("dino", SMALL, DINO, {"views.small": 3, "views.count": 2, "views.size": 32})
    )
    assert isinstance(setup.model, torch.nn.Module)
    (fetched, *_) = setup.source.fetch(loop_module.requests(setup, 5), setup.views.crop)
    batch = loop_module.assemble(setup, setup.model, fetched, 5)  # type: ignore[arg-type]
    assert [view.shape[-1] for view in batch.views] == [32, 32]
    assert [crop.shape[-1] for crop in batch.small] == [14, 14, 14]
    whole = setup.views.apply(fetched.given, fetched.request.plan)
    for shown, made in zip([*batch.views, *batch.small], whole, strict=True):
        assert torch.equal(shown, made)


def test_sides_of_views_follow_one_another_in_equal_shares(tmp_path: Path) -> None:
    setup = prepare(a_run("simclr", **{"views.sides": [12, 20]}))
    assert setup.clean.size == 32
    assert setup.encoder.recipe == prepare(a_run("simclr")).encoder.recipe  # nothing but the views
    seen = []
    for step, fetched in enumerate(loop_module.answers(setup, 1), 1):
        batch = loop_module.assemble(setup, setup.model, fetched, step)  # type: ignore[arg-type]
        seen.append(batch.views[0].shape[-1])
        alone = prepare(a_run("simclr", **{"views.size": seen[-1]}))
        (same,) = alone.source.fetch(loop_module.requests(alone, step, step + 1), alone.views.crop)
        one = loop_module.assemble(alone, alone.model, same, step)  # type: ignore[arg-type]
        assert torch.equal(batch.views[1], one.views[1])
    assert seen == [12, 12, 20, 20, 20]
    run = a_run("simclr", **{"views.sides": [12, 20]})
    found = carry_out(setup, RunFolder.open(tmp_path, run), split=None)
    assert found["pixels_seen"] == found["pictures_seen"] * (12**2 + 20**2)


@pytest.mark.parametrize("stop", [2, 3, 4])
def test_a_stage_resumes_where_it_was(tmp_path: Path, stop: int) -> None:
    whole, parts = (prepare(a_run("byol", **{"views.sides": [12, 20]})) for _ in range(2))
    go(whole, RunFolder.open(tmp_path / "whole", whole.run))
    learner = loop_module.ready(parts)
    for step, _, _ in loop_module.steps(parts, learner, 0):
        if step == stop:
            break
    for _ in loop_module.steps(parts, learner, stop):
        pass
    for one, other in zip(weights(whole).values(), weights(parts).values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (MemoryError(), r"Out of memory at batch=32\. Try batch=16"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "Out of memory"),
        (OSError(28, "No space left on device"), "disk is full"),
    ],
)
def test_a_shortage_on_the_way_is_named(
    trouble: Exception, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = prepare(a_run("simclr"))

    def forward(batch: Any) -> Any:
        raise trouble

    monkeypatch.setattr(setup.model, "forward", forward)
    with pytest.raises(RunFailed, match=words):
        carry_out(setup, RunFolder.open(tmp_path / "run", setup.run), split=None)


def test_an_error_of_another_kind_is_not_dressed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = prepare(a_run("simclr"))

    def forward(batch: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(setup.model, "forward", forward)
    with pytest.raises(RuntimeError, match="mat1"):
        carry_out(setup, RunFolder.open(tmp_path / "run", setup.run), split=None)


def test_the_encoder_of_each_look_is_kept_where_it_is_asked(tmp_path: Path) -> None:
    run = a_run("simclr", **{"monitor.keep": True})
    folder = RunFolder.open(tmp_path / "run", run)
    carry_out(prepare(run), folder, split=None)
    kept = files.kept(folder.path / "encoders")
    steps = [line["step"] for line in folder.metrics("look")]
    assert [path.name for path in kept] == [f"step-{step:08d}.safetensors" for step in steps]
    assert len(kept) == 3
    (first, header), (last, _), (end, _) = map(files.read, (kept[0], kept[-1], folder.path))
    assert (header["step"], header["epoch"]) == (0, 0.0)
    assert_close(last.state_dict(), end.state_dict(), rtol=0, atol=0)
    assert not torch.equal(next(first.parameters()), next(end.parameters()))


class Faint(Outputs):
    """Losses so small that their gradients in float16 are zero."""

    def __init__(self, losses: dict[str, Tensor], *others: Any, **named: Any) -> None:
        super().__init__({name: 1e-8 * loss for name, loss in losses.items()}, *others, **named)


def faint_steps(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> tuple[Learner, Tensor]:
    """Two steps of a run whose losses are faint, and how far they took the weights."""
    with monkeypatch.context() as patch:
        patch.setattr("selftaught.methods.metric_learning.simclr.Outputs", Faint)
        changes = {"name": "sgd", "rate": 1e5, "warmup": 0.0, "decay": 0.0}
        changes = {f"optimiser.{key}": value for key, value in changes.items()}
        setup = dataclasses.replace(prepare(a_run("simclr", **changes)), dtype=dtype)
        learner = loop_module.ready(setup)
        before = torch.cat([p.detach().flatten().clone() for p in learner.method.parameters()])
        for step, _, _ in loop_module.steps(setup, learner, 0):
            if step == 2:
                break
        after = torch.cat([p.detach().flatten() for p in learner.method.parameters()])
    return learner, after - before


def test_faint_gradients_survive_float16(monkeypatch: pytest.MonkeyPatch) -> None:
    _, meant = faint_steps(torch.float32, monkeypatch)
    learner, found = faint_steps(torch.float16, monkeypatch)
    assert learner.scaler.is_enabled()
    assert meant.norm() > 0.01
    assert (found - meant).norm() < 0.2 * meant.norm()
    monkeypatch.setattr(Learner, "backward", lambda self, loss: loss.backward())
    monkeypatch.setattr(Learner, "step", lambda self: self.optimiser.step())
    _, lost = faint_steps(torch.float16, monkeypatch)
    assert (lost - meant).norm() > 0.5 * meant.norm(), "or this test shows nothing"


def test_a_step_that_overflows_is_left_out_and_the_scale_is_kept(tmp_path: Path) -> None:
    setup = dataclasses.replace(prepare(a_run("simclr")), dtype=torch.float16)
    learner = loop_module.ready(setup)
    before = [p.detach().clone() for p in learner.method.parameters()]
    learner.backward(
        torch.stack([p.sum() for p in learner.method.parameters()]).sum() * float("inf")
    )
    learner.step()
    for weight, old in zip(learner.method.parameters(), before, strict=True):
        assert torch.equal(weight, old)
    assert learner.scaler.get_scale() == 2.0**15
    path = tmp_path / "checkpoint.safetensors"
    checkpoints.save(path, learner, step=1)
    again = loop_module.ready(setup)
    assert checkpoints.load(path, again) == {"step": 1}
    assert again.scaler.state_dict() == learner.scaler.state_dict()


COMPILED = """
import sys
from pathlib import Path

import torch

from selftaught import config
from selftaught.runs import RunFolder
from selftaught.training import carry_out, prepare

compiling, sizes = torch.compile, []


def backend(graph, inputs):
    sizes.append(sum(isinstance(value, torch.SymInt) for value in inputs))
    return graph.forward


torch.compile = lambda called: compiling(called, backend=backend)
for batch in (16, 24, 40):
    run = config.resolve("simclr", {settings}, {"batch": batch, "epochs": 1, "compile": True})
    carry_out(prepare(run), RunFolder.open(Path(sys.argv[1]) / str(batch), run), split=None)
assert len(sizes) >= 3, sizes
assert not any(sizes), sizes
"""


def test_a_run_is_compiled_as_if_it_were_alone(tmp_path: Path) -> None:
    """After another batch torch would compile for any, and a run's numbers would hang on what ran before.

    In a process of its own: the compiler cannot read what checks shapes in this one.
    """
    script = COMPILED.replace("{settings}", repr(SMALL | HEADS["simclr"]))
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
