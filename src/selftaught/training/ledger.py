"""What a run writes down while it goes on, without making the device wait at every step."""

import math
import time
from typing import Any

import torch
from torch import Tensor

from selftaught.distributed import gather, mean
from selftaught.errors import Diverged
from selftaught.methods import Method, Outputs
from selftaught.runs import RunFolder
from selftaught.training import exports, health
from selftaught.training.monitors import Monitor
from selftaught.training.progress import Reporter
from selftaught.training.setup import Setup

LINES = 200
"""About how many lines of losses a whole run writes."""


class Ledger:
    """Collects losses as tensors, fetches them now and then, writes ``metrics.jsonl``.

    Args:
        setup: the run.
        folder: where the lines go.
        reporter: who tells the user.
        seconds: training time of earlier sittings.
    """

    def __init__(
        self, setup: Setup, folder: RunFolder, reporter: Reporter, seconds: float = 0.0
    ) -> None:
        self.setup, self.folder, self.reporter = setup, folder, reporter
        self.monitor = Monitor(setup)
        self.interval = max(setup.steps // LINES, 1)
        self.waiting: list[dict[str, Tensor]] = []
        self.losses: tuple[str, ...] = ()
        self.before, self.since = seconds, time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of training so far; looks, which are not training, are left out."""
        return self.before + time.monotonic() - self.since

    def note(self, step: int, outputs: Outputs, rate: float) -> None:
        """Keep the losses and scores of a step (``step`` counts it); every so often write their mean."""
        rows = {**outputs.losses, **outputs.scores}
        self.losses = tuple(outputs.losses)
        self.waiting.append({name: value.detach() for name, value in rows.items()})
        if len(self.waiting) >= self.interval:
            self.flush(step, rate)

    def flush(self, step: int, rate: float) -> None:
        """Fetch and write what is waiting.

        Raises:
            Diverged: a term is not finite: which, at which step, and what to try.
        """
        if not self.waiting:
            return
        names = list(self.waiting[0])
        table = torch.stack([torch.stack([row[name] for name in names]) for row in self.waiting])
        values = mean(table.double()).cpu()  # of all ranks
        first = step - len(values) + 1
        for offset, row in enumerate(values.tolist()):
            for name, value in zip(names, row, strict=True):
                if not math.isfinite(value):
                    raise Diverged(
                        f"The loss term '{name}' became {value} at step {first + offset} of "
                        f"{self.setup.steps}. Try a lower optimiser.rate, a longer optimiser.warmup or "
                        "precision=float32, with --fresh; the last good checkpoint is kept."
                    )
        self.waiting.clear()
        every = dict(zip(names, values.mean(dim=0).tolist(), strict=True))
        means = {name: every.pop(name) for name in self.losses}
        scores = {"scores": every} if every else {}
        place = self._place(step)
        speed = place["pictures"] / max(place["seconds"], 1e-9)
        self.folder.log(
            "step", **place, losses=means, **scores, rate=rate, pictures_per_second=speed
        )
        self.reporter.step(step, place["epoch"], means, speed)

    def look(self, step: int, method: Method, projections: Tensor | None) -> None:
        """Let the monitor look, say how the run is, and keep the encoder where that is asked.

        The clock of training stands still meanwhile.
        """
        self.before, place = self.seconds, self._place(step)
        everyone = None if projections is None else gather(projections.detach())
        row = self.monitor.look(method, everyone)
        known = [*self.folder.metrics("look"), row]
        verdict = health.judge(known, losses(self.folder), ended=step == self.setup.steps)
        said = {"verdict": verdict.word, "verdict_text": verdict.text}
        self.folder.log("look", **place, **row, **said)
        if self.setup.run.monitor.keep:
            exports.at_a_look(self.setup, self.folder, method.kept, step)
        self.reporter.looked(row, verdict.word if step else "")
        self.since = time.monotonic()

    def collapse(self) -> health.Verdict | None:
        """The verdict, if the last look shows a collapse and the configuration says to stop there."""
        if not self.setup.run.monitor.stop_on_collapse:
            return None
        return health.collapse_shown(self.folder.metrics("look"), losses(self.folder))

    def _place(self, step: int) -> dict[str, Any]:
        return {
            "step": step,
            "epoch": step / self.setup.per_epoch,
            "progress": step / self.setup.steps,
            "seconds": self.seconds,
            "pictures": step * self.setup.run.batch,
        }


def losses(folder: RunFolder) -> list[float]:
    """The total loss over the training so far; what was not finite is NaN."""
    return [
        sum(math.nan if value is None else value for value in line["losses"].values())
        for line in folder.metrics("step")
    ]
