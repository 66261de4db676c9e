"""solo-learn (https://github.com/vturrisi/solo-learn): losses, transforms and the momentum updater.

Its methods are Lightning modules that build their own encoder and ask for a trainer at every step, so they
cannot take turns with others. What is run are their parts in a plain loop: their losses, their pipeline of
transforms with our views' strengths, their updater; heads are ours. Only ``best`` is known; what their trainer
would add is not counted. What stands under this name on PyPI needs torch 1.9: install it from its repository.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from selftaught.benchmarking.peers.beside import Beside
from selftaught.benchmarking.peers.loop import Learner, Transform, contender, ways
from selftaught.encoders import Encoder
from selftaught.parts.heads import mlp
from selftaught.training.setup import Setup, first_weights
from selftaught.views.presets import View

METHODS = ("simclr", "byol", "vicreg")


def contenders(setup: Setup) -> dict[str, Beside]:
    """solo-learn's parts in their best configuration."""
    encoder = first_weights(setup.run, setup.source.channels, setup.views.size)
    learner = Theirs(setup.run.method.name, encoder, setup.run.parameters())
    transform = _views(setup.views.views, setup)
    return {"best": contender(setup, learner, transform, ways(setup)["best"])}


class Theirs(Learner):
    """Their losses and updater around our encoder.

    Args:
        name: of the method.
        encoder: ours.
        heads: widths of projector and predictor.
    """

    def __init__(self, name: str, encoder: Encoder, heads: dict[str, Any]) -> None:
        super().__init__()
        from solo.utils.momentum import MomentumUpdater, initialize_momentum_params

        self.name, self.backbone = name, encoder
        self.projector = mlp(encoder.dim, *heads["projector"])
        if name == "byol":
            self.predictor = mlp(heads["projector"][-1], *heads["predictor"])
            self.pairs = [(part, copy.deepcopy(part)) for part in (self.backbone, self.projector)]
            self.slow = torch.nn.Sequential(*(slow for _, slow in self.pairs))
            for part, slow in self.pairs:
                initialize_momentum_params(part, slow)
            self.updater = MomentumUpdater(0.996, 1.0)

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        from solo import losses

        z = [self.projector(self.backbone(view)) for view in views]
        answer: Tensor
        if self.name == "simclr":
            index = torch.arange(len(z[0]), device=z[0].device).repeat(2)
            answer = losses.simclr_loss_func(torch.cat(z), indexes=index)
        elif self.name == "vicreg":
            answer = losses.vicreg_loss_func(*z)
        else:
            p = [self.predictor(x) for x in z]
            with torch.no_grad():
                t = [self.slow(view) for view in views]
            answer = losses.byol_loss_func(p[0], t[1]) + losses.byol_loss_func(p[1], t[0])
        return answer

    def move(self) -> None:
        if self.name == "byol":
            for part, slow in self.pairs:
                self.updater.update(part, slow)


def _views(laws: Sequence[View], setup: Setup) -> Transform:
    """Their pipeline, one a view."""
    from omegaconf import OmegaConf
    from solo.data import pretrain_dataloader as theirs

    pipelines = []
    for law in laws:
        names = ("brightness", "contrast", "saturation", "hue")
        least, most = law.crop or (1.0, 1.0)
        settings = {
            "crop_size": setup.views.size,
            "mean": list(setup.splits.mean),
            "std": list(setup.splits.std),
            "rrc": {"enabled": True, "crop_min_scale": least, "crop_max_scale": most},
            "color_jitter": {
                "prob": law.jitter_probability,
                **dict(zip(names, law.jitter, strict=True)),
            },
            "grayscale": {"prob": law.grayscale},
            "gaussian_blur": {"prob": law.blur},
            "solarization": {"prob": law.solarise},
            "equalization": {"prob": 0.0},
            "horizontal_flip": {"prob": law.flip},
        }
        pipelines.append(theirs.build_transform_pipeline("ours", OmegaConf.create(settings)))
    transform: Transform = theirs.prepare_n_crop_transform(pipelines, [1] * len(pipelines))
    return transform
