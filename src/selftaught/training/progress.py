"""What a person sees while a run goes on, on stderr: a live line on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

QUIET_SECONDS = 15.0
"""Without a terminal, a line at most this often, so that a log stays readable."""


class Reporter:
    """Prints progress of one run.

    Args:
        title: what runs.
        steps: how many steps it takes in all.
        live: redraw one line where stderr is a terminal; several processes that share it must not.
    """

    def __init__(self, title: str, steps: int, *, live: bool = True) -> None:
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)
        self.title, self.steps = title, steps
        self.began = self.spoke = time.monotonic()
        self.start = 0
        self.look = ""
        self.live: Progress | None = None
        if live and sys.stderr.isatty():
            self.live = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[words]}"),
                TimeRemainingColumn(compact=True),
                console=self.console,
                transient=True,
            )
            self.task = self.live.add_task(escape(title), total=steps, words="")
            self.live.start()

    def begins(self, step: int) -> None:
        """Training goes on from a step; what is left is reckoned from now on."""
        self.began, self.start = time.monotonic(), step
        if self.live is not None:
            self.live.reset(self.task, completed=step, words="")

    def step(self, step: int, epoch: float, losses: dict[str, float], rate: float) -> None:
        """Loss terms and pictures per second, whenever they were fetched anyway."""
        terms = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        words = f"epoch {epoch:.1f}  {terms}  {self.look}{rate:,.0f} pictures/s"
        if self.live is not None:
            self.live.update(self.task, completed=step, words=escape(words))
        elif time.monotonic() - self.spoke > QUIET_SECONDS:
            self.spoke = time.monotonic()
            left = (self.spoke - self.began) / max(step - self.start, 1) * (self.steps - step)
            self.console.print(f"  {escape(self.title)}  {escape(words)}  {left:.0f} s left")

    def looked(self, row: dict[str, Any], verdict: str = "") -> None:
        """What the monitor saw, and the run's health in a word; they stay in the line."""
        parts = [f"kNN {row['knn']:.1%}"] if "knn" in row else []
        parts += [f"rank {row['effective_rank']:.0f}", *([verdict] if verdict else [])]
        self.look = "  ".join(parts) + "  "

    def say(self, sentence: str) -> None:
        """One line that stays."""
        self.console.print(escape(sentence))

    def close(self) -> None:
        if self.live is not None:
            self.live.stop()


class Silent(Reporter):
    """A reporter that says nothing: where another process speaks, or nobody listens."""

    def __init__(self) -> None:
        pass

    def begins(self, step: int) -> None:
        pass

    def step(self, step: int, epoch: float, losses: dict[str, float], rate: float) -> None:
        pass

    def looked(self, row: dict[str, Any], verdict: str = "") -> None:
        pass

    def say(self, sentence: str) -> None:
        pass

    def close(self) -> None:
        pass
