"""TensorBoard's event files, which tensorboardX writes into the run folder: ``tensorboard --logdir runs``."""

from collections.abc import Sequence

import yaml
from tensorboardX import SummaryWriter

from selftaught.trackers.tracker import About, Record, Tracker


class Teller(Tracker):
    """An event file in the run folder; each sitting of a run has one of its own."""

    def __init__(self, about: About, known: str | None) -> None:
        self.about = about
        # Names end in the second they were made in; of two sittings in one, the later would replace the first.
        suffix = f".{len(list(about.folder.glob('events.out.tfevents.*')))}"
        self.writer = SummaryWriter(str(about.folder), filename_suffix=suffix)
        self.identity = about.identity
        self.where = f"TensorBoard: tensorboard --logdir {about.home}"
        if known is None:
            text = yaml.safe_dump(about.settings, sort_keys=False)
            self.writer.add_text("configuration", f"```\n{text}```", 0, walltime=about.began)

    def tell(self, records: Sequence[Record]) -> None:
        for record in records:
            for name, value in record.values.items():
                self.writer.add_scalar(name, value, record.step, walltime=record.at)
        self.writer.flush()

    def conclude(self, words: dict[str, str]) -> None:
        self.writer.add_text("verdict", f"{words['verdict']}: {words['verdict_text']}", 0)
        self.writer.flush()

    def close(self, *, ended: bool) -> None:
        self.writer.close()
