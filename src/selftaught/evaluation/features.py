"""Pictures to frozen features, once: every protocol and every map reads these."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from selftaught.data import Request, Source
from selftaught.encoders import Encoder
from selftaught.errors import RunFailed
from selftaught.views.engine import Views


@dataclass(frozen=True)
class Features:
    """What an encoder made of a source, in the source's order.

    Attributes:
        features: [N, D] float32, on the device of the encoder.
        labels: [N] int64 on the same device, -1 where a picture has none; None without labels.
    """

    features: Tensor
    labels: Tensor | None


def extract(
    encoder: Encoder,
    source: Source,
    views: Views,
    *,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
    batch: int = 512,
) -> Features:
    """Features of every picture of a source, in evaluation mode and without gradients.

    Args:
        encoder: already on ``device``; each module's mode is as before afterwards.
        views: the clean view, ``Views.clean(...)``; its first view is taken.
        dtype: what the encoder computes in; features are float32 whatever it is.
        batch: pictures encoded at once; the last batch may be smaller.

    Raises:
        RunFailed: a feature is not finite.
    """
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    try:
        blocks = list(_encode(encoder, source, views, device=device, dtype=dtype, batch=batch))
    finally:
        for module, training in modes:
            module.training = training
    features = torch.cat(blocks) if blocks else torch.empty(0, encoder.dim, device=device)
    broken = int((~features.isfinite().all(-1)).sum())
    if broken:
        raise RunFailed(
            f"the encoder's features of {broken} of {len(features)} pictures are not finite: its "
            "weights may have diverged; train with a smaller learning rate, or in float32."
        )
    return Features(features, None if source.labels is None else source.labels.to(device))


@torch.inference_mode()
def _encode(
    encoder: Encoder,
    source: Source,
    views: Views,
    *,
    device: torch.device,
    dtype: torch.dtype,
    batch: int,
) -> Iterator[Tensor]:
    requests = (
        Request(index, views.plan(None, source.sizes[index]))
        for index in torch.split(torch.arange(len(source)), batch)
    )
    for fetched in source.fetch(requests, views.crop):
        given: Tensor | list[Tensor]
        if fetched.pictures is not None:
            given = fetched.pictures.to(device, non_blocking=True)
        else:
            given = [crop.to(device, non_blocking=True) for crop in fetched.crops or ()]
        view = views.apply(given, fetched.request.plan.to(device))[0]
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            features = encoder(view)
        yield features.float()
