"""Untrained: the same network with its first random weights. No paper: what the shape alone gives.

Its batch-norms are either left alone or given the statistics of the training pictures (a running average
over all of them); which is better is decided on validation.
"""

import copy

import torch
from torch import Tensor, nn

from selftaught.encoders import Encoder
from selftaught.methods.method import Baseline, Material


@torch.no_grad()
def calibrate(encoder: Encoder, pictures: Tensor, batch: int = 256) -> Encoder:
    """A copy whose running statistics are the plain average over the pictures' batches."""
    encoder = copy.deepcopy(encoder).train()
    for module in encoder.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            module.momentum = None  # a cumulative average instead of an exponential one
    for some in torch.split(pictures, batch):
        if len(some) > 1:
            encoder(some)
    return encoder.eval()


class Untrained(Baseline):
    """The comparison's encoder as it was drawn."""

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        return {"as it is": encoder, "calibrated": calibrate(encoder, given.pictures)}
