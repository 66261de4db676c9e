"""Prototypes keep unit length and answer with cosines, autocast or not."""

import torch
import torch.nn.functional as F

from selftaught.parts.prototypes import Prototypes


def test_scores_are_cosines_in_float32_under_autocast() -> None:
    torch.manual_seed(0)
    prototypes, z = Prototypes(5, 3), torch.randn(4, 3)
    expected = F.cosine_similarity(z[:, None], prototypes.weight[None], dim=-1)
    with torch.autocast("cpu", torch.bfloat16):
        scores = prototypes(z)
    assert scores.dtype == torch.float32
    torch.testing.assert_close(scores, expected)


def test_normalise_brings_moved_prototypes_back_in_their_direction() -> None:
    prototypes = Prototypes(5, 3)
    before = prototypes.weight.detach().clone()
    torch.testing.assert_close(before.norm(dim=-1), torch.ones(5))
    with torch.no_grad():
        prototypes.weight.mul_(3)
    prototypes.normalise()
    torch.testing.assert_close(prototypes.weight.detach(), before)
