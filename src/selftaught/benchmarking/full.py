"""The full step: the training loop's own, with everything that surrounds the networks."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from selftaught.runs import RunFolder
from selftaught.training.ledger import Ledger
from selftaught.training.loop import ready, steps
from selftaught.training.progress import Silent
from selftaught.training.setup import Setup

ENDLESS = 2**30
"""Steps of the run that is pretended, so that it never ends ..."""

LATE = ENDLESS - 2**20
"""... and the step it begins at: rates are near zero there, so fresh weights stay what they are, and what a
method leaves out in the beginning (a queue that is not yet read) is done."""


class Full:
    """Steps of the loop, one a call: reading, views, forward, backward, optimiser, ``after_step``, ledger.

    Left out are looks at the encoder and checkpoints, which happen every few epochs.

    Args:
        setup: of the run; its method is trained.
        folder: where the ledger writes.
    """

    def __init__(self, setup: Setup, folder: Path) -> None:
        learner = ready(setup)
        endless = dataclasses.replace(setup, steps=ENDLESS)
        self.steps = steps(endless, learner, LATE, self._ended)
        self.ledger = Ledger(setup, RunFolder.open(folder, setup.run), Silent())
        self.listener: Callable[[str], None] | None = None

    def step(self, ended: Callable[[str], None] | None = None) -> None:
        """Take one step, telling ``ended`` each part."""
        self.listener = ended
        number, outputs, rate = next(self.steps)
        self.ledger.note(number, outputs, rate)
        self._ended("logging")

    def _ended(self, part: str) -> None:
        if self.listener is not None:
            self.listener(part)
