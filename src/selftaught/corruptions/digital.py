"""Digital and light: brightness, contrast, elastic distortion, large pixels and JPEG."""

import io

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from selftaught.corruptions.draws import Draws
from selftaught.corruptions.linear_maps import boxes, gaussian, on_both_sides


def brightness(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, amount: float
) -> Float[Tensor, "n c s s"]:
    """Daylight: the value V of hue, saturation and value is raised; nothing is drawn.

    V is the largest channel. With hue and saturation kept, all channels grow by one factor; black has
    no colour and becomes grey.
    """
    value = pictures.amax(1, keepdim=True)
    raised = (value + amount).clamp_(max=1)
    lit = pictures * (raised / value.clamp(min=1e-6))
    return torch.where(value > 0, lit, raised.expand_as(lit)).clamp_(0, 1)


def contrast(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, keep: float
) -> Float[Tensor, "n c s s"]:
    """Each channel drawn towards its mean over the picture; nothing is drawn."""
    mean = pictures.mean((2, 3), keepdim=True)
    return ((pictures - mean) * keep + mean).clamp_(0, 1)


def elastic(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, shift: float, width: float, jitter: float
) -> Float[Tensor, "n c s s"]:
    """A random affine map, then a smooth random displacement.

    Args:
        shift: what the displacements, blurred uniform numbers in [-1, 1), are multiplied by.
        width: deviation of the Gaussian that blurs them.
        jitter: how far each of three corners of a square around the centre moves at most.
    """
    n, _, side = pictures.shape[:3]
    device = pictures.device
    line = torch.arange(side, device=device, dtype=torch.float32)
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    corners = torch.tensor([[1.0, 1, 0], [1, -1, 0], [-1, -1, 0]], device=device) * (side // 3)
    corners += torch.tensor([side // 2, side // 2, 1.0], device=device)  # x, y, 1
    moved = corners.repeat(n, 1, 1)
    moved[:, :, :2] += jitter * (2 * draws.uniform("elastic corners", 6).view(n, 3, 2) - 1)
    # Where each pixel of the result comes from: the map that takes the moved corners back.
    back = torch.linalg.solve(moved, corners[:, :2].expand(n, -1, -1))  # [n, 3, 2]
    pixels = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1)  # [s, s, 3]
    pictures = _read_at(pictures, (pixels.flatten(0, 1) @ back).view(n, side, side, 2))
    if shift:
        blur = gaussian(side, width, truncate=3, mirrored=True, device=device)
        field = shift * on_both_sides(blur, 2 * draws.uniforms("elastic field", 2, side) - 1)
        pictures = _read_at(pictures, pixels[:, :, :2] + field.movedim(1, -1))
    return pictures.clamp_(0, 1)


def _read_at(
    pictures: Float[Tensor, "n c s s"], places: Float[Tensor, "n s s 2"]
) -> Float[Tensor, "n c s s"]:
    """The pictures at ``places`` (x, y in pixels), interpolated linearly, reflected at the edges."""
    grid = places * (2 / (pictures.shape[-1] - 1)) - 1
    return F.grid_sample(pictures, grid, "bilinear", "reflection", align_corners=True)


def pixelate(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, share: float
) -> Float[Tensor, "n c s s"]:
    """Resized to ``share`` of its side and back, both with a box filter; nothing is drawn."""
    side, device = pictures.shape[-1], pictures.device
    small = max(1, int(side * share))
    down, up = boxes(small, side, device), boxes(side, small, device)
    return on_both_sides(up, on_both_sides(down, pictures)).clamp_(0, 1)


def jpeg(
    pictures: Float[Tensor, "n c s s"], draws: Draws, *, quality: float
) -> Float[Tensor, "n c s s"]:
    """Written as JPEG of ``quality`` and read again, by Pillow; nothing is drawn.

    Pictures of three channels are RGB; of anything else each channel is a picture of its own.
    """
    c = pictures.shape[1]
    given = (pictures if c == 3 else pictures.flatten(0, 1)[:, None]).mul(255).round()
    pixels = given.to("cpu", torch.uint8).movedim(1, -1).contiguous().numpy()
    found = np.stack([_through_jpeg(each, int(quality)) for each in pixels])
    back = torch.from_numpy(found).to(pictures.device).to(torch.float32).div_(255)
    return back.movedim(-1, 1).reshape(pictures.shape)


def _through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(
        file, "JPEG", quality=quality
    )
    return np.asarray(Image.open(file)).reshape(pixels.shape)
