"""What is looked at now and then while a run goes on: always the same pictures, in the same views.

===============  ============================================================================================
effective_rank   of the clean features of up to ``monitor.pictures`` training pictures, the *bank*
feature_std      spread of the same features on the unit sphere: 1 is isotropic, 0 is one point
projection_std   the same of the projections of the step before, where the loss lives
projection_size  mean deviation of the projections of a batch of training pictures, as they are
knn, linear      share of the *queries* (up to 1,000 of validation) that the bank's labels classify rightly, by
                 nearest neighbours and by a linear classifier in closed form; ``queries`` says how many
recognised       how often a picture's second view is nearer to its first than another picture's is, in the
                 views that the method is shown, among ``pairs`` pictures of validation: needs no label
loss_taught,     the method's loss on that batch, and on as many pictures of validation where the run does not
loss_held        train on those as well
growth           the norm of the weight matrix of the encoder that grew most, over its norm before training
different, bank  how many of the bank's pictures are different; exact copies count once
===============  ============================================================================================

Step 0 is looked at first: the untrained encoder is what every later number is measured against.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from selftaught.data import Request, Source
from selftaught.encoders import Encoder
from selftaught.errors import Diverged, RunFailed
from selftaught.evaluation import instances, knn, ridge, spectrum
from selftaught.evaluation.features import Features, extract
from selftaught.keys import Keys, shuffle
from selftaught.methods import Method
from selftaught.training.held_out import answer
from selftaught.training.setup import Setup, first_weights
from selftaught.views.engine import Views

QUERIES = 1000

PAIRS = 256
"""Pictures among which a picture is looked for in another view of itself."""

LOOKING = 0xFFFFFFFE
"""The step whose keys draw the views of a look; no training goes so far."""


class Monitor:
    """Looks at a method's encoder.

    Args:
        setup: the run.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.bank = _some(setup.splits.train, setup.run.monitor.pictures)
        self.queries = _some(setup.splits.validation, QUERIES)
        self.different = _different(self.bank, setup.clean)
        held = _different(self.queries, setup.clean)
        self.pairs = min(len(self.different), len(held), PAIRS)
        self.taught = self.bank.subset(self.different[: self.pairs])
        self.held = self.queries.subset(held[: self.pairs])
        self.shown = _first_and_last(setup)
        size = setup.run.views.size or setup.splits.size
        self.norms = _norms(first_weights(setup.run, setup.source.channels, size))

    def look(self, method: Method, projections: Tensor | None) -> dict[str, Any]:
        """One row of numbers, fetched from the device; see the table above for their names.

        Raises:
            Diverged: a feature is not finite.
        """
        try:
            return self._numbers(method, projections)
        except Diverged:
            raise
        except RunFailed as error:
            raise Diverged(str(error)) from None

    def _numbers(self, method: Method, projections: Tensor | None) -> dict[str, Any]:
        encoder = method.kept
        bank, queries = (self._features(encoder, x) for x in (self.bank, self.queries))
        row: dict[str, Any] = {
            "effective_rank": spectrum.effective_rank(bank.features),
            "feature_std": spectrum.spread(bank.features),
        }
        if projections is not None and len(projections) > 1:
            row["projection_std"] = spectrum.spread(projections.detach().float())
        row |= self._labelled(bank, queries)
        if self.pairs >= 2:
            row |= {"recognised": self._recognised(encoder), "pairs": self.pairs}
        row |= self._answers(method)
        row["growth"] = max(
            (now / self.norms[name] for name, now in _norms(encoder).items() if name in self.norms),
            default=1.0,
        )
        return row | {"different": len(self.different), "bank": len(self.bank)}

    def _labelled(self, bank: Features, queries: Features) -> dict[str, Any]:
        """What the labels tell, where there are any."""
        if bank.labels is None or queries.labels is None:
            return {}
        known, asked = bank.labels >= 0, queries.labels >= 0
        if not bool(known.any()) or not bool(asked.any()):
            return {}
        answers = queries.labels[asked].cpu()
        given = queries.features[asked], bank.features[known], bank.labels[known]
        classes = len(self.setup.splits.classes)
        return {
            "knn": _share(knn.classify(*given, classes=classes), answers),
            "linear": _share(ridge.classify(*given, classes=classes), answers),
            "queries": int(asked.sum()),
        }

    def _recognised(self, encoder: Encoder) -> float:
        one, other = (
            self._features(encoder, self.held, views, place).features
            for place, views in enumerate(self.shown)
        )
        return instances.recognised(one, other)

    def _answers(self, method: Method) -> dict[str, Any]:
        """What the method makes of pictures that it is taught, and of as many that it is not."""
        count = min(self.pairs, self.setup.run.batch)
        if count < max(method.least_batch, 2):
            return {}
        rows = torch.arange(count)
        loss, projections = answer(self.setup, method, self.taught, rows, LOOKING)
        row = {"loss_taught": loss}
        if not self.setup.run.final:
            row["loss_held"] = answer(self.setup, method, self.held, rows, LOOKING)[0]
        if not all(math.isfinite(value) for value in row.values()):
            return {}
        if projections is not None and len(projections) > 1:
            row["projection_size"] = float(projections.float().std(0, correction=0).mean())
        return row

    def _features(
        self, encoder: Encoder, source: Source, views: Views | None = None, place: int = 0
    ) -> Features:
        positions = torch.arange(len(source)) + place * PAIRS
        return extract(
            encoder,
            source,
            views or self.setup.clean,
            device=self.setup.device,
            dtype=self.setup.dtype,
            keys=Keys(self.setup.run.seed, LOOKING, positions),
        )


def _norms(encoder: Encoder) -> dict[str, float]:
    """The norm of each weight matrix that is not zero."""
    kinds = (nn.Conv2d, nn.Linear)
    norms = {
        name: module.weight.detach().float().norm()
        for name, module in encoder.named_modules()
        if isinstance(module, kinds)
    }
    return {name: float(norm) for name, norm in norms.items() if norm > 0}


def _first_and_last(setup: Setup) -> tuple[Views, Views]:
    """The first and the last full view that the method is shown, each alone; one law stands for both."""
    full = setup.views.views[: setup.views.groups[0].stop]
    facts: dict[str, Any] = {
        "size": setup.views.size,
        "channels": setup.source.channels,
        "levels": setup.source.levels,
        "mean": setup.splits.mean,
        "std": setup.splits.std,
    }
    return Views((full[0],), **facts), Views((full[-1],), **facts)


def _share(guesses: Tensor, answers: Tensor) -> float:
    return float((guesses.cpu() == answers).double().mean())


def _some(source: Source, count: int) -> Source:
    """At most ``count`` pictures, the same ones every time."""
    if len(source) <= count:
        return source
    return source.subset(shuffle(len(source), seed=0, epoch=0)[:count].sort().values)


def _different(source: Source, clean: Views) -> Tensor:
    """The rows of a source that are no copies of an earlier one."""
    requests = (
        Request(rows, clean.plan(None, source.sizes[rows]))
        for rows in torch.split(torch.arange(len(source)), 512)
    )
    found = [fetched.given for fetched in source.fetch(requests, clean.crop)]
    pictures = [given if isinstance(given, Tensor) else given[0] for given in found]
    return instances.distinct(torch.cat(pictures))
