"""Raw pixels: the picture itself, flattened. No paper: the floor under every claim."""

from selftaught.encoders import Encoder, build
from selftaught.methods.method import Baseline, Material


class RawPixels(Baseline):
    """The encoder ``pixels``, which has nothing to fit."""

    own_encoder = True
    seeded = False

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        _, channels, size, _ = given.pictures.shape
        return {"pixels": build("pixels", channels=channels, size=size)}
