"""Random patches as filters: what a network reaches whose weights were looked up, not learnt.

Coates, Lee and Ng, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
AISTATS 2011, https://proceedings.mlr.press/v15/coates11a.html (contrast normalisation, whitening,
pooling over quadrants, section 3), with the dictionary of random patches and the soft threshold of
Coates and Ng, "The Importance of Encoding Versus Training with Sparse Coding and Vector
Quantization", ICML 2011, section 3.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from selftaught.encoders.encoder import Encoder
from selftaught.errors import Refusal

SIDE = 32
"""Larger pictures are averaged down to this side first, as Coates, Lee and Ng do for STL-10."""

CONTRAST = 10 / 58**2
"""Added to a patch's variance. The paper's is 10 on pixels of 0 to 255, whose deviation is about
58 in natural pictures; ours are normalised to a deviation of 1."""

WHITENING = 0.01
"""Added to the variances when the contrast-normalised patches are whitened. On 14,000 training
pictures of CIFAR-10, 0.1 and 0.3 were 0.3 and 0.7 points of linear accuracy worse."""

SAMPLE = 100_000
"""Patches that the whitening is estimated from."""

CELLS = 2**22
"""Filter responses held at once (16 MiB)."""


class RandomPatches(Encoder):
    """Whitened patches of training pictures as filters, soft-thresholded, averaged over quadrants.

    Features are [n, patches * 4 quadrants]. Before ``fit`` the filters are zero.

    Args:
        channels: of the pictures.
        size: side of the pictures, in pixels.
        patches: how many filters.
        patch: side of a filter, in pixels.
        threshold: what a response must exceed to count; whitened responses deviate by
            about 1.

    Raises:
        Refusal: the patch is larger than the picture.
    """

    filters: Tensor
    offset: Tensor

    def __init__(
        self,
        *,
        channels: int,
        size: int,
        patches: int = 200,
        patch: int = 6,
        threshold: float = 0.5,
    ) -> None:
        super().__init__()
        self.side = min(size, SIDE)
        if patch > self.side:
            raise Refusal(
                f"Patches of {patch} pixels do not fit into pictures of {self.side}; give a patch "
                f"of at most {self.side}."
            )
        self.recipe = {
            "name": "random_patches",
            "channels": channels,
            "size": size,
            "patches": patches,
            "patch": patch,
            "threshold": threshold,
        }
        self.patch, self.threshold = patch, threshold
        self.dim = 4 * patches
        self.register_buffer("filters", torch.zeros(patches, channels, patch, patch))
        self.register_buffer("offset", torch.zeros(patches))

    @torch.no_grad()
    def fit(self, pictures: Float[Tensor, "n c s s"], seed: int) -> None:
        """Take the filters from normalised training pictures; equal pictures and seed, equal
        filters."""
        generator = torch.Generator().manual_seed(seed)
        x = _contrast_normalise(self._sample(pictures, generator).double())
        mean = x.mean(0)
        values, vectors = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
        whitening = (vectors / (values.clamp(min=0) + WHITENING).sqrt()) @ vectors.T
        chosen = torch.randperm(len(x), generator=generator)[: len(self.filters)]
        dictionary = F.normalize((x[chosen] - mean) @ whitening, dim=-1)
        # One filter does all: it whitens, compares, and, its entries summing to zero, ignores the
        # patch's own brightness. What is left for `forward` is to divide by the patch's contrast.
        filters = dictionary @ whitening
        self.offset.copy_(filters @ mean)
        self.filters.copy_((filters - filters.mean(-1, keepdim=True)).view_as(self.filters))

    def _sample(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """[SAMPLE, c * p * p] patches from anywhere in the pictures, on the CPU."""
        which = torch.randint(len(pictures), (SAMPLE,), generator=generator)
        places = self.side - self.patch + 1
        top, left = torch.randint(places, (2, SAMPLE, 1, 1, 1), generator=generator)
        inside = torch.arange(self.patch)
        small = self._shrink(pictures.cpu().float())
        channel = torch.arange(small.shape[1])[:, None, None]
        rows, columns = top + inside[:, None], left + inside
        return small[which[:, None, None, None], channel, rows, columns].flatten(1)

    def _shrink(self, pictures: Tensor) -> Tensor:
        if pictures.shape[-1] > self.side:
            return F.adaptive_avg_pool2d(pictures, self.side)
        return pictures

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        # Half precision loses the faint patches, whose contrast is brought up.
        with torch.autocast(pictures.device.type, enabled=False):
            small = self._shrink(pictures.float())
            places = (self.side - self.patch + 1) ** 2
            slices = torch.split(small, max(1, CELLS // (places * len(self.filters))))
            return torch.cat([self._respond(slice_) for slice_ in slices])

    def _respond(self, pictures: Tensor) -> Tensor:
        square = F.avg_pool2d(pictures.square().mean(1, keepdim=True), self.patch, 1)
        mean = F.avg_pool2d(pictures.mean(1, keepdim=True), self.patch, 1)
        contrast = ((square - mean.square()).clamp(min=0) + CONTRAST).rsqrt()
        responses = F.conv2d(pictures, self.filters) * contrast - self.offset[:, None, None]
        return F.adaptive_avg_pool2d((responses - self.threshold).relu_(), 2).flatten(1)


def _contrast_normalise(patches: Tensor) -> Tensor:
    """[m, d] patches with their own mean taken off, divided by their own deviation."""
    patches = patches - patches.mean(-1, keepdim=True)
    return patches / (patches.square().mean(-1, keepdim=True) + CONTRAST).sqrt()
