"""From what a source answers to what a method is shown."""

import torch

from selftaught.batch import Batch
from selftaught.data import Fetched, Source
from selftaught.distributed import own_rows
from selftaught.keys import Keys
from selftaught.methods import Method
from selftaught.training.setup import Setup
from selftaught.views.engine import Views


def assemble(
    setup: Setup,
    method: Method,
    fetched: Fetched,
    step: int,
    *,
    source: Source | None = None,
    shown: Views | None = None,
) -> Batch:
    """The answer to a request as a batch on the run's device, drawn with the keys of a step.

    Args:
        source: who answered; the pictures that are trained on, unless others are given.
        shown: the views that the request planned; those of the step, unless others are given.
    """
    device, request, given = setup.device, fetched.request, fetched.given
    source, shown = source or setup.source, shown or setup.shown_at(step)
    plan = request.plan.to(device)
    if isinstance(given, list):
        views = shown.apply([crop.to(device, non_blocking=True) for crop in given], plan)
    else:
        views = shown.apply(given.to(device, non_blocking=True), plan)
    views = [v.contiguous(memory_format=torch.channels_last) for v in views]
    full = shown.groups[0].stop
    labels = source.labels if method.needs.labels else None
    own = own_rows(len(request.index))
    positions = torch.arange(own.start, own.stop, device=device)
    return Batch(
        views=views[:full],
        small=views[full:],
        index=request.index.to(device),
        labels=None if labels is None else labels[request.index].to(device),
        draws=method.draw(Keys(setup.run.seed, step, positions)),
    )
