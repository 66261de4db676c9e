"""Convolutions, of which a CPU's gradients on small maps are taken as one product.

oneDNN's gradient of a bfloat16 kernel costs three times a forward or more where maps have few pixels; the same
sums are one product of the patches that were seen with what comes back. A ResNet-18 at 32 pixels trains a
third faster for it on a processor with matrix tiles (AMX), and no slower on one without.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.grad import conv2d_input

SMALL = 8
"""Side of the largest maps, in pixels, of which that holds."""


class Convolution(nn.Conv2d):
    """Square kernels without a bias, since a normalisation follows; padded so that stride 1 keeps the size."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, side, stride, padding=side // 2, bias=False)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o p q"]:
        stride, half = self.stride[0], torch.bfloat16
        if (
            max(x.shape[-2:]) <= SMALL * stride
            and x.device.type == "cpu"
            and torch.is_autocast_enabled("cpu")
            and torch.get_autocast_dtype("cpu") == half
            and torch.is_grad_enabled()
        ):
            answer: Tensor = _SmallMaps.apply(x.to(half), self.weight.to(half), stride)
            return answer
        return super().forward(x)


class _SmallMaps(torch.autograd.Function):
    """A convolution as torch has it, with another gradient of the kernel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.stride = stride
        return F.conv2d(x, kernel, None, stride, kernel.shape[-1] // 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, kernel = ctx.saved_tensors
        o, c, side, _ = kernel.shape
        back, own = None, None
        if ctx.needs_input_grad[0]:
            back = conv2d_input(  # type: ignore[no-untyped-call]
                x.shape, kernel, grad, ctx.stride, side // 2
            )
        if ctx.needs_input_grad[1]:
            seen = patches(x, side, ctx.stride)
            product = grad.permute(0, 2, 3, 1).reshape(-1, o).T @ seen
            own = product.view(o, side, side, c).permute(0, 3, 1, 2)
        return back, own, None


def patches(x: Float[Tensor, "n c h w"], side: int, stride: int) -> Float[Tensor, "m k"]:
    """What each place of a kernel sees: a row for each pixel of the answer, row by row and channels last."""
    padding = side // 2
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding))
    windows = padded.unfold(1, side, stride).unfold(2, side, stride)  # [n, p, q, c, k, k]
    return windows.permute(0, 1, 2, 4, 5, 3).flatten(0, 2).flatten(1)
