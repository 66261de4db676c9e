"""The contract of an encoder: pictures to features."""

from typing import Any

from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn


class Encoder(nn.Module):
    """Pictures [n, c, h, w], normalised float32, to features [n, d].

    Attributes:
        dim: d, the width of the features.
        recipe: the name and the keyword arguments that build this architecture again
            (``encoders.build(**recipe)``); it is stored beside exported weights.
        normalisation: mean and deviation of each channel that the weights it starts from were trained
            with; None takes those of the pictures.
    """

    dim: int
    recipe: dict[str, Any]
    normalisation: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    def forward(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        raise NotImplementedError

    def layers(self) -> list[list[nn.Parameter]]:
        """All parameters by depth, those that see the pictures first: what layer-wise rates follow."""
        parameters = list(self.parameters())
        return [parameters] if parameters else []

    def patch_projection(self) -> nn.Module | None:
        """The layer that turns patches into tokens; None in a network without one."""
        return None


class PatchEncoder(Encoder):
    """An encoder that cuts pictures into a grid of patches and has a token for each.

    Attributes:
        patch: side of a patch, in pixels.
        grid: how many patches a side, at the size the encoder was built for.
        cut: the layer that turns patches into tokens.
    """

    patch: int
    grid: int
    cut: nn.Module

    def patch_projection(self) -> nn.Module:
        """``cut``"""
        return self.cut

    def tokens(
        self,
        pictures: Float[Tensor, "n c h w"],
        keep: Int64[Tensor, "n k"] | None = None,
        replace: tuple[Bool[Tensor, "n p"], Float[Tensor, " d"]] | None = None,
    ) -> Float[Tensor, "n t d"]:
        """Features of each token, the class token first.

        Args:
            keep: the patches that are read; all others are left out (MAE).
            replace: which patches are hidden, and what stands in their place before positions are
                added (SimMIM, iBOT).
        """
        raise NotImplementedError

    def pooled(self, tokens: Float[Tensor, "n t d"]) -> Float[Tensor, "n d"]:
        """What ``forward`` makes of the tokens of a picture: its features."""
        raise NotImplementedError
