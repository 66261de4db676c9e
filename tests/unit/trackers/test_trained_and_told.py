"""Training with ``--log``: what TensorBoard holds is what the run folder holds."""

from collections import Counter
from pathlib import Path

import pytest

import selftaught
from selftaught.runs import RunFolder


def tags(folder: Path) -> Counter[tuple[str, int]]:
    from tensorboardX.proto import event_pb2

    found: Counter[tuple[str, int]] = Counter()
    for path in folder.glob("events.out.tfevents.*"):
        content, place = path.read_bytes(), 0
        while place < len(content):
            length = int.from_bytes(content[place : place + 8], "little")
            event = event_pb2.Event.FromString(content[place + 12 : place + 12 + length])
            found.update((value.tag, event.step) for value in event.summary.value)
            place += 16 + length
    return found


def test_a_run_and_a_comparison_are_told_while_they_train(
    labelled: Path, quick: dict[str, object], tmp_path: Path
) -> None:
    pytest.importorskip("tensorboardX")
    settings = {key.replace(".", "__"): value for key, value in quick.items()}
    given = {"data": str(labelled), **settings}
    head = {"projector": [16, 8]}
    run = selftaught.train("simclr", log="tensorboard", out=tmp_path / "run", **given, **head)  # type: ignore[arg-type]
    steps = [line["step"] for line in RunFolder(run).metrics("step")]
    assert [step for (tag, step), _ in sorted(tags(run).items()) if tag == "loss"] == steps
    assert tags(run)["validation/linear", steps[-1]] == 1
    selftaught.train("simclr", log="tensorboard", out=tmp_path / "run", **given, **head)  # type: ignore[arg-type]
    assert set(tags(run).values()) == {1}, "the same again tells nothing"
    out = tmp_path / "out"
    selftaught.compare(
        "simclr:projector=16,8",
        log=["tensorboard"],
        out=out,
        baselines=["pixels"],
        protocols=["knn"],
        **given,
    )  # type: ignore[arg-type]
    assert tags(out / "simclr-projector=16,8" / "seed-0")["test/knn", steps[-1]] == 1
    assert tags(out / "pixels" / "every-seed")["test/knn", 0] == 1
