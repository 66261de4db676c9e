"""stable-pretraining (https://github.com/galilai-group/stable-pretraining), 0.1: methods, transforms.

Its methods take an encoder as a module and two views, and answer with their loss. ``best`` gives them heads of
our widths, ``default`` the heads that their classes have unless told otherwise; both have our views' strengths.
Their trainer, which is Lightning's, cannot take turns with others step by step and is left out.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from selftaught.benchmarking.peers.beside import Beside
from selftaught.benchmarking.peers.loop import Learner, Transform, contender, ways
from selftaught.encoders import Encoder
from selftaught.training.setup import Setup, first_weights
from selftaught.views.presets import View

METHODS = ("simclr", "byol", "vicreg")
CLASSES = {"simclr": "SimCLR", "byol": "BYOL", "vicreg": "VICReg"}
HEADS = {"projector": "projector_dims", "predictor": "predictor_dims"}


def contenders(setup: Setup) -> dict[str, Beside]:
    """stable-pretraining in both configurations, with the same transforms."""
    name = setup.run.method.name
    ours = {theirs: setup.run.parameters().get(head) for head, theirs in HEADS.items()}
    widths = {"best": {key: value for key, value in ours.items() if value}, "default": {}}
    found = {}
    for configuration, way in ways(setup).items():
        encoder = first_weights(setup.run, setup.source.channels, setup.views.size)
        learner = Theirs(name, encoder, widths[configuration])
        beside = contender(setup, learner, _views(setup.views.views, setup), way)
        said = {key: list(value) for key, value in widths[configuration].items()}
        found[configuration] = Beside(beside.contender, beside.settings | said)
    return found


class Theirs(Learner):
    """One of their methods around our encoder.

    Args:
        name: ours for the method.
        encoder: ours.
        heads: their arguments for the widths of the heads.
    """

    def __init__(self, name: str, encoder: Encoder, heads: dict[str, Any]) -> None:
        super().__init__()
        from stable_pretraining import methods

        self.whole = getattr(methods, CLASSES[name])(encoder_name=encoder, **heads)
        self.wrapped = [part for part in self.whole.modules() if hasattr(part, "update_teacher")]

    def compile_encoder(self) -> None:
        holder, name = (
            (self.whole.backbone, "student") if self.wrapped else (self.whole, "backbone")
        )
        setattr(holder, name, torch.compile(getattr(holder, name)))

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        answer: Tensor = self.whole(*views).loss
        return answer

    def move(self) -> None:
        for part in self.wrapped:
            part.update_teacher()


def _views(laws: Sequence[View], setup: Setup) -> Transform:
    """Their transforms, one chain a view, with the strengths of our views."""
    from stable_pretraining.data import transforms

    chains = [_chain(law, setup, transforms) for law in laws]

    def views(picture: Any) -> list[Tensor]:
        return [chain({"image": picture})["image"] for chain in chains]

    return views


def _chain(law: View, setup: Setup, transforms: Any) -> Any:
    brightness, contrast, saturation, hue = law.jitter
    steps = [
        transforms.RGB(),
        transforms.RandomResizedCrop(setup.views.size, scale=law.crop),
        transforms.RandomHorizontalFlip(p=law.flip),
        transforms.ColorJitter(
            brightness=brightness,
            contrast=contrast,
            saturation=saturation,
            hue=hue,
            p=law.jitter_probability,
        ),
        transforms.RandomGrayscale(p=law.grayscale),
    ]
    if law.blur:
        steps.append(transforms.PILGaussianBlur(sigma=law.sigma, p=law.blur))
    if law.solarise:
        steps.append(transforms.RandomSolarize(threshold=128, p=law.solarise))
    steps.append(transforms.ToImage(mean=setup.splits.mean, std=setup.splits.std))
    return transforms.Compose(*steps)
