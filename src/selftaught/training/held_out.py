"""A method's answer without learning from it: on pictures that it is taught, and on those held back."""

import torch
from torch import Tensor

from selftaught.data import Request, Source
from selftaught.distributed import apart
from selftaught.keys import Keys
from selftaught.methods import Method
from selftaught.training.batches import assemble
from selftaught.training.setup import Setup


def answer(
    setup: Setup, method: Method, source: Source, rows: Tensor, step: int
) -> tuple[float, Tensor | None]:
    """The method's loss and projections of some pictures as one batch; nothing changes.

    Batch-norm takes the batch's own statistics, as it does in training; what it adds to its running ones is
    taken back. Losses of two sets of pictures are comparable when the sets are of one size.

    Args:
        rows: [n] int64 of the source.
        step: whose keys draw the views, so that two looks see the same.
    """
    keys = Keys(setup.run.seed, step, torch.arange(len(rows)))
    plan = setup.views.plan(keys, source.sizes[rows])
    (fetched,) = source.fetch([Request(rows, plan)], setup.views.crop)
    before = {name: buffer.clone() for name, buffer in method.named_buffers()}
    half = setup.dtype != torch.float32
    device = setup.device
    devices = [device] if device.type == "cuda" else []
    with (
        apart(),  # several ranks see the same pictures here, not each its own
        torch.no_grad(),
        torch.random.fork_rng(devices),
        torch.autocast(device.type, setup.dtype, enabled=half),
    ):
        batch = assemble(setup, method, fetched, step, source=source, shown=setup.views)
        outputs = method(batch)
    for name, buffer in method.named_buffers():
        buffer.copy_(before[name])
    return float(torch.stack(list(outputs.losses.values())).sum()), outputs.projections
