"""What is said before a run begins."""

import pytest

from selftaught import config, interface


@pytest.mark.parametrize(("measured_over", "minutes"), [(None, 12), (5, 24)])
def test_the_estimate_scales_what_was_measured_to_the_epochs_asked_for(
    measured_over: int | None, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = config.resolve("simclr", {"data": "shapes", "epochs": 20})
    known = config.Measured(seconds=360, epochs=measured_over, machine="1 CPU core")
    recipe = run.model_copy(update={"epochs": 10, "measured": known})
    monkeypatch.setattr(config, "resolve", lambda *layers: recipe)
    assert interface._estimate([run], jobs=1).startswith(f"about {minutes} min on ")
