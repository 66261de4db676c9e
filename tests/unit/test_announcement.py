"""What is said before a run begins."""

from pathlib import Path
from typing import Any

import pytest

from selftaught import announcement, config

PLAIN = {"data": "shapes", "epochs": 10, "data.take": 1000}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of a run with some changes, where its plain recipe took 360 s."""

    def said(measured_over: int | None = None, **changes: Any) -> str:
        known = config.Measured(seconds=360, epochs=measured_over, machine="1 CPU core")
        plain = config.resolve("simclr", PLAIN).model_copy(update={"measured": known})
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        run = config.resolve("simclr", PLAIN, dotted)
        with monkeypatch.context() as patched:
            patched.setattr(config, "resolve", lambda *layers: plain)
            return announcement.announce(run, Path("there"), [run])

    return said


def test_what_was_measured_is_scaled_to_the_epochs_and_pictures_asked_for(asked: Any) -> None:
    assert "about 12 min of training" in asked(epochs=20)
    assert "about 24 min of training" in asked(5, epochs=20)
    assert "about 3 min of training" in asked(data__take=500)


@pytest.mark.parametrize(
    "change", [{"encoder": "resnet18"}, {"views__size": 24}, {"views__count": 4}]
)
def test_what_was_never_measured_is_not_guessed(change: dict[str, Any], asked: Any) -> None:
    assert announcement.UNKNOWN in asked(**change)


def test_a_run_that_nobody_measured_makes_the_sum_a_least() -> None:
    runs = [config.resolve(name, {"data": "shapes"}) for name in ("simclr", "untrained")]
    assert "about 1 min of training" in announcement.announce(runs[0], Path("there"), runs)
    new = config.resolve("byol", {"data": "shapes", "encoder": "resnet18"})
    line = announcement.announce(runs[0], Path("there"), [*runs, new])
    assert line.startswith("3 runs on shapes")
    assert "more than 1 min of training" in line
    assert line.endswith("writes there/")
