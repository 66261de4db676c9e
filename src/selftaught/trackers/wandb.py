"""Weights & Biases, offline unless WANDB_MODE says otherwise; ``wandb sync`` sends what lies in the folder."""

import os
from collections.abc import Sequence
from typing import Any

OFFLINE = "WANDB_MODE" not in os.environ
if OFFLINE:
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # read when wandb is imported

import wandb  # noqa: E402

from selftaught.trackers.tracker import About, Record, Tracker  # noqa: E402

QUIET = {
    "console": "off",
    "silent": True,
    "disable_code": True,
    "disable_git": True,
    "disable_job_creation": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
}
"""What is told is the run folder's, and not this process's."""


class Teller(Tracker):
    """A run of W&B, found again by an id of its own."""

    def __init__(self, about: About, known: str | None) -> None:
        self.identity = known or about.identity
        settings = {k: v for k, v in QUIET.items() if k in wandb.Settings.model_fields}
        given: dict[str, Any] = {} if known is None else {"resume": "allow"}
        if "WANDB_PROJECT" not in os.environ:
            given["project"] = f"selftaught-{about.data}"
        self.run = wandb.init(
            id=self.identity,
            name=about.name,
            dir=str(about.folder),
            config=about.settings,
            mode="offline" if OFFLINE else None,
            reinit="create_new",
            settings=wandb.Settings(**settings),
            **given,
        )
        self.where = (
            "Weights & Biases, offline, in the run folders; to send it: "
            f"find {about.home} -name 'offline-run-*' | xargs wandb sync"
            if self.run.settings.mode != "online"
            else f"Weights & Biases: {self.run.url}"
        )

    def tell(self, records: Sequence[Record]) -> None:
        for record in records:
            self.run.log(record.values, step=record.step)

    def conclude(self, words: dict[str, str]) -> None:
        self.run.summary.update(words)

    def close(self, *, ended: bool) -> None:
        self.run.finish()
