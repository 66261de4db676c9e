"""Lightly (https://github.com/lightly-ai/lightly), 1.6: heads, losses, transforms and ``update_momentum``.

``best`` takes heads of our widths and our views' strengths; ``default`` the heads and transforms of its
examples for CIFAR-10 (``examples/pytorch``). In both each view goes through the encoder by itself, as there.
"""

import copy
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from selftaught.benchmarking.peers.beside import Beside
from selftaught.benchmarking.peers.loop import Learner, Transform, contender, ways
from selftaught.encoders import Encoder
from selftaught.training.setup import Setup, first_weights
from selftaught.views.presets import View

METHODS = ("simclr", "byol", "vicreg")

EXAMPLES: dict[str, dict[str, tuple[int, ...]]] = {
    "simclr": {"projector": (512, 128)},
    "byol": {"projector": (1024, 256), "predictor": (1024, 256)},
    "vicreg": {"projector": (2048, 2048)},
}
"""Widths of the heads in their examples; theirs take the encoder's own width as input."""


def contenders(setup: Setup) -> dict[str, Beside]:
    """Lightly in both configurations."""
    name, size = setup.run.method.name, setup.views.size
    shown: dict[str, Transform] = {
        "best": _our_views(name, setup.views.views, setup),
        "default": _their_views(name, size),
    }
    widths = {"best": setup.run.parameters(), "default": EXAMPLES[name]}
    found = {}
    for configuration, way in ways(setup).items():
        heads = widths[configuration]
        encoder = first_weights(setup.run, setup.source.channels, size)
        learner = BYOL(encoder, heads) if name == "byol" else Pair(name, encoder, heads)
        beside = contender(setup, learner, shown[configuration], way)
        said = {head: list(heads[head]) for head in ("projector", "predictor") if head in heads}
        found[configuration] = Beside(beside.contender, beside.settings | said)
    return found


class Pair(Learner):
    """SimCLR and VICReg: a projection head, and a loss of two views.

    Args:
        name: which of the two.
        encoder: ours.
        heads: widths of the projector.
    """

    def __init__(self, name: str, encoder: Encoder, heads: dict[str, Any]) -> None:
        super().__init__()
        from lightly import loss
        from lightly.models.modules import heads as modules

        hidden, *_, out = heads["projector"]
        layers = len(heads["projector"])
        kind = {
            "simclr": modules.SimCLRProjectionHead,
            "vicreg": modules.VICRegProjectionHead,
        }[name]
        self.backbone = encoder
        self.projector = kind(encoder.dim, hidden, out, num_layers=layers)
        self.criterion = loss.NTXentLoss() if name == "simclr" else loss.VICRegLoss()

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        z, y = (self.projector(self.backbone(view).flatten(start_dim=1)) for view in views)
        answer: Tensor = self.criterion(z, y)
        return answer


class BYOL(Learner):
    """A student with a predictor, and its slow copy.

    Args:
        encoder: ours.
        heads: widths of projector and predictor.
    """

    def __init__(self, encoder: Encoder, heads: dict[str, Any]) -> None:
        super().__init__()
        from lightly import loss
        from lightly.models.modules import heads as modules
        from lightly.models.utils import deactivate_requires_grad

        (hidden, out), (deep, last) = heads["projector"], heads["predictor"]
        self.backbone = encoder
        self.projector = modules.BYOLProjectionHead(encoder.dim, hidden, out)
        self.predictor = modules.BYOLPredictionHead(out, deep, last)
        self.slow_backbone = copy.deepcopy(self.backbone)
        self.slow_projector = copy.deepcopy(self.projector)
        for slow in (self.slow_backbone, self.slow_projector):
            deactivate_requires_grad(slow)
        self.criterion = loss.NegativeCosineSimilarity()

    def loss(self, views: Sequence[Tensor]) -> Tensor:
        p = [self.predictor(self.projector(self.backbone(x).flatten(start_dim=1))) for x in views]
        t = [
            self.slow_projector(self.slow_backbone(x).flatten(start_dim=1)).detach() for x in views
        ]
        answer: Tensor = 0.5 * (self.criterion(p[0], t[1]) + self.criterion(p[1], t[0]))
        return answer

    def move(self) -> None:
        from lightly.models.utils import update_momentum

        update_momentum(self.backbone, self.slow_backbone, m=0.996)
        update_momentum(self.projector, self.slow_projector, m=0.996)


def _our_views(name: str, laws: Sequence[View], setup: Setup) -> Transform:
    """Their transforms with the strengths of our views."""
    from lightly.transforms import byol_transform, simclr_transform, vicreg_transform
    from lightly.transforms.multi_view_transform import MultiViewTransform

    kinds = {
        "simclr": (simclr_transform.SimCLRViewTransform,) * 2,
        "byol": (byol_transform.BYOLView1Transform, byol_transform.BYOLView2Transform),
        "vicreg": (vicreg_transform.VICRegViewTransform,) * 2,
    }[name]
    solarise = {"byol": "solarization_prob", "vicreg": "solarize_prob"}.get(name)
    views = [
        kind(
            input_size=setup.views.size,
            cj_prob=law.jitter_probability,
            cj_strength=1.0,
            cj_bright=law.jitter[0],
            cj_contrast=law.jitter[1],
            cj_sat=law.jitter[2],
            cj_hue=law.jitter[3],
            min_scale=law.crop[0] if law.crop else 1.0,
            random_gray_scale=law.grayscale,
            gaussian_blur=law.blur,
            sigmas=law.sigma,
            hf_prob=law.flip,
            normalize={"mean": list(setup.splits.mean), "std": list(setup.splits.std)},
            **({solarise: law.solarise} if solarise else {}),
        )
        for kind, law in zip(kinds, laws, strict=True)
    ]
    transform: Transform = MultiViewTransform(transforms=views)
    return transform


def _their_views(name: str, size: int) -> Transform:
    """The transforms of their examples, which switch blur off for SimCLR and BYOL on small pictures."""
    from lightly import transforms
    from lightly.transforms import byol_transform

    transform: Transform
    blur = {"gaussian_blur": 0.0} if size <= 32 else {}
    if name == "byol":
        transform = transforms.BYOLTransform(
            view_1_transform=byol_transform.BYOLView1Transform(input_size=size, **blur),
            view_2_transform=byol_transform.BYOLView2Transform(input_size=size, **blur),
        )
    elif name == "simclr":
        transform = transforms.SimCLRTransform(input_size=size, **blur)
    else:
        transform = transforms.VICRegTransform(input_size=size)
    return transform
