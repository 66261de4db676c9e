"""Arithmetic of a step, and what a device could do at best."""

from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

PEAKS = {
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "A6000": 155e12,
    "A40": 150e12,
    "A10": 125e12,
    "L40S": 362e12,
    "L4": 121e12,
    "RTX 4090": 165e12,
    "RTX 3090": 71e12,
}
"""Dense bfloat16 operations a second with float32 sums, from the makers' data sheets: the first whose words
are in the device's name."""


def counted(step: Callable[[], object]) -> int:
    """Floating-point operations of a step's matrix products and convolutions, a multiply-add being two."""
    with FlopCounterMode(display=False) as counter:
        step()
    return int(counter.get_total_flops())


def peak(device: torch.device, dtype: torch.dtype, given: float | None) -> float | None:
    """The most operations a second that the device can do; None where that is not known.

    Args:
        given: in 10^12 operations a second, by the user; it wins.
    """
    if given is not None:
        return given * 1e12
    if device.type != "cuda" or dtype == torch.float32:
        return None
    name = torch.cuda.get_device_name(device)
    return next((value for part, value in PEAKS.items() if part in name), None)
