"""Random patches (Coates, Lee and Ng, 2011; Coates and Ng, 2012), https://proceedings.mlr.press/v15/coates11a.html.

    a filter is a patch of a training picture, whitened; a feature is how strongly it answers in a quarter

Section 4.2's whitening and pooling with patches drawn at random instead of learnt. Nothing is trained, and
yet it is hard to beat with a short training: the bar that a method has to clear.
"""

from selftaught.encoders import Encoder
from selftaught.encoders.patches import RandomPatches
from selftaught.methods.method import Baseline, Material
from selftaught.types import Count


class RandomPatchesBaseline(Baseline):
    """Filters drawn from the training pictures.

    Args:
        patches: how many; features are four times as many.
        patch: side of a filter in pixels, cut to the picture's.
    """

    own_encoder = True

    def __init__(self, *, patches: Count = 200, patch: Count = 6) -> None:
        self.patches, self.patch = patches, patch

    def fit(self, encoder: Encoder, given: Material) -> dict[str, Encoder]:
        _, channels, size, _ = given.pictures.shape
        found = RandomPatches(
            channels=channels, size=size, patches=self.patches, patch=min(self.patch, size)
        )
        found.fit(given.pictures, given.seed)
        return {"random_patches": found}
