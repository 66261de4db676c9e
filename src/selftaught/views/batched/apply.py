"""The views of a batch in one go, whatever their plan says."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from selftaught.views.batched.blur import blur_
from selftaught.views.batched.colour import grayscale_, jitter_, rounds, scratch
from selftaught.views.batched.resample import resample
from selftaught.views.batched.solarise import solarise_
from selftaught.views.plan import HUE, Plan, jitters
from selftaught.views.presets import CLEAN, View


def apply(
    given: Integer[Tensor, "n c h w"] | Sequence[Float[Tensor, "n c s s"]],
    plan: Plan,
    laws: Sequence[View],
    side: int,
    levels: int,
    scale: Float[Tensor, " c"],
    shift: Float[Tensor, " c"],
) -> Float[Tensor, "v n c s s"]:
    """The views of a batch, each channel then multiplied by ``scale`` and moved by ``shift``.

    Args:
        given: whole pictures with values up to ``levels``, or crops in [0, 1] for each view.
        plan: of these views, on the device of the pictures.
        laws: of these views: what none of them does is left out.
        side: of the views, in pixels.
    """
    v, n, c, device = len(laws), len(plan), len(scale), plan.boxes.device
    flat = plan.flat()
    # Channels first in memory: each then is one run of numbers for every operation.
    views = torch.empty(c, v * n, side, side, device=device).transpose(0, 1)
    planes = scratch(v * n, side, device)
    if not isinstance(given, Tensor):
        torch.cat(list(given), out=views)
    elif tuple(laws) == (CLEAN,) and given.shape[-2:] == (side, side):
        torch.mul(given, 1 / levels, out=views)
    else:
        integers = given.repeat(v, 1, 1, 1).transpose(0, 1)
        whole = integers.to(torch.float32, memory_format=torch.contiguous_format)
        whole = whole.mul_(1 / levels).transpose(0, 1)
        resample(whole, flat.boxes[0], side, flat.flips[0], out=views)
    if any(map(jitters, laws)):
        hue = any(jitters(law) and law.jitter[HUE] for law in laws)
        blends = rounds(flat.factors[0], flat.order[0])
        jitter_(views, blends, flat.factors[0, :, HUE] if hue else None, planes)
    if any(law.grayscale for law in laws):
        grayscale_(views, flat.grayscale[0], planes)
    if any(law.blur for law in laws):
        blur_(views, flat.sigmas[0])
    if any(law.solarise for law in laws):
        solarise_(views, flat.solarise[0])
    made = torch.empty(v * n, c, side, side, device=device)
    scale, shift = (part[:, None, None].to(device, non_blocking=True) for part in (scale, shift))
    torch.mul(views, scale, out=made).add_(shift)
    return made.view(v, n, c, side, side)
