"""Raw pixels: the picture itself, flattened. No paper: the floor under every claim."""

from torch import Tensor

from selftaught.encoders import Encoder, build
from selftaught.methods.method import Baseline


class RawPixels(Baseline):
    seeded = False

    def fit(self, encoder: Encoder, pictures: Tensor, seed: int) -> dict[str, Encoder]:
        _, channels, size, _ = pictures.shape
        return {"pixels": build("pixels", channels=channels, size=size)}
