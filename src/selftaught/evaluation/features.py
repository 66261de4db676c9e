"""Pictures to frozen features, once: every protocol and every map reads these."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from selftaught.data import Request, Source
from selftaught.encoders import Encoder
from selftaught.errors import RunFailed
from selftaught.keys import Keys
from selftaught.views.engine import Views


@dataclass(frozen=True)
class Features:
    """What an encoder made of a source, in the source's order; unreadable files are left out.

    Attributes:
        features: [N, D] float32, on the device of the encoder.
        labels: [N] int64 on the same device, -1 where a picture has none; None without labels.
        index: [N] int64 on the CPU, rows of the source.
    """

    features: Tensor
    labels: Tensor | None
    index: Tensor


def extract(
    encoder: Encoder,
    source: Source,
    views: Views,
    *,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
    batch: int = 512,
    keys: Keys | None = None,
) -> Features:
    """Features of every picture of a source, in evaluation mode and without gradients.

    Args:
        encoder: already on ``device``; each module's mode is as before afterwards.
        views: the clean view, ``Views.clean(...)``; its first view is taken.
        dtype: what the encoder computes in; features are float32 whatever it is.
        batch: pictures encoded at once; the last batch may be smaller.
        keys: of as many positions as there are pictures, for views that are random; the clean one needs none.

    Raises:
        RunFailed: a feature is not finite.
    """
    with evaluating(encoder):
        blocks = list(_encode(encoder, source, views, keys, device, dtype, batch))
    index = torch.cat([index for index, _ in blocks])
    # A source lets another picture stand in for a file that it cannot read; here it must not count.
    own = index == torch.arange(len(source))
    features, index = torch.cat([block for _, block in blocks])[own.to(device)], index[own]
    broken = int((~features.isfinite().all(-1)).sum())
    if broken:
        raise RunFailed(
            f"the encoder's features of {broken} of {len(features)} pictures are not finite: its "
            "weights may have diverged; train with a smaller learning rate, or in float32."
        )
    labels = None if source.labels is None else source.labels.cpu()[index].to(device)
    return Features(features, labels, index)


@contextmanager
def evaluating(encoder: Encoder) -> Iterator[None]:
    """Evaluation mode; afterwards each module's mode is as before."""
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _encode(
    encoder: Encoder,
    source: Source,
    views: Views,
    keys: Keys | None,
    device: torch.device,
    dtype: torch.dtype,
    batch: int,
) -> Iterator[tuple[Tensor, Tensor]]:
    requests = (
        Request(index, views.plan(keys and keys.of(index), source.sizes[index]))
        for index in torch.split(torch.arange(len(source)), batch)
    )
    for fetched in source.fetch(requests, views.crop):
        given: Tensor | list[Tensor]
        if fetched.pictures is not None:
            given = fetched.pictures.to(device, non_blocking=True)
        else:
            given = [crop.to(device, non_blocking=True) for crop in fetched.crops or ()]
        with (
            torch.inference_mode(),
            torch.autocast(device.type, dtype, enabled=dtype != torch.float32),
        ):
            features = encoder(views.apply(given, fetched.request.plan.to(device))[0])
        yield fetched.request.index, features.float()
