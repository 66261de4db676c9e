"""What is looked at now and then while a run goes on: clean features, never the augmented ones.

A look is kNN on validation (where there are labels), the effective rank and the spread of the features,
and the spread of the projections where the loss lives. Step 0 is looked at first: the untrained encoder is
what every later number is measured against.
"""

from typing import Any

from torch import Tensor

from selftaught.data import Source
from selftaught.encoders import Encoder
from selftaught.evaluation import knn, spectrum
from selftaught.evaluation.features import extract
from selftaught.keys import shuffle
from selftaught.training.setup import Setup

QUERIES = 1000


class Monitor:
    """Looks at an encoder, always at the same pictures.

    Args:
        setup: the run; ``monitor.pictures`` of train are the kNN's bank, up to 1,000 of validation its queries.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.bank = _some(setup.splits.train, setup.run.monitor.pictures)
        self.queries = _some(setup.splits.validation, QUERIES)

    def look(self, encoder: Encoder, projections: Tensor | None) -> dict[str, Any]:
        """One row of numbers, fetched from the device."""
        setup = self.setup
        bank, queries = (
            extract(encoder, source, setup.clean, device=setup.device, dtype=setup.dtype)
            for source in (self.bank, self.queries)
        )
        row: dict[str, Any] = {
            "effective_rank": spectrum.effective_rank(bank.features),
            "feature_std": spectrum.spread(bank.features),
        }
        if projections is not None and len(projections) > 1:
            row["projection_std"] = spectrum.spread(projections.detach().float())
        if bank.labels is not None and queries.labels is not None:
            known, asked = bank.labels >= 0, queries.labels >= 0
            if bool(known.any()) and bool(asked.any()):
                guesses = knn.classify(
                    queries.features[asked],
                    bank.features[known],
                    bank.labels[known],
                    classes=len(setup.splits.classes),
                )
                row["knn"] = float((guesses == queries.labels[asked]).float().mean())
                row["queries"] = int(asked.sum())
        return row


def _some(source: Source, count: int) -> Source:
    """At most ``count`` pictures, the same ones every time."""
    if len(source) <= count:
        return source
    return source.subset(shuffle(len(source), seed=0, epoch=0)[:count].sort().values)
