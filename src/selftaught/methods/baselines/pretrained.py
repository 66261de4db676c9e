"""Pretrained weights. No paper: what a model that others trained, on other pictures, brings along.

Nothing is downloaded, and nothing in the file is executed. Pictures are resized and normalised as the model's
authors did. Many such models saw labels, if not those of this data set, and all of them saw more pictures: a
reference, never a contestant.
"""

from selftaught.encoders import Encoder
from selftaught.encoders.pretrained import Pretrained, find_weights
from selftaught.methods.method import Baseline, Material


class PretrainedBaseline(Baseline):
    """A model of timm's with weights from this disk.

    Args:
        model: any name of timm's.
        file: its weights, .safetensors or .pth; empty looks in the caches of Hugging Face and torch.
    """

    own_encoder = True
    seeded = False

    def __init__(self, *, model: str = "resnet18", file: str = "") -> None:
        self.model, self.weights = model, find_weights(model, file)

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        _, channels, size, _ = given.pictures.shape
        found = Pretrained(
            channels=channels,
            size=size,
            model=self.model,
            mean=list(given.mean),
            std=list(given.std),
        )
        found.load(self.weights)
        return {"pretrained": found}
