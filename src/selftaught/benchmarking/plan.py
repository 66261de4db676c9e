"""What is going to be measured, checked without torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import util
from typing import Any

from selftaught import catalogue, config
from selftaught.errors import Refusal, suggest

RANDOM = "random"
"""Pictures of noise in the shape of CIFAR-10, taught by its recipes: for a machine that holds no data."""

PEERS = {"lightly": "lightly", "solo-learn": "solo", "stable-pretraining": "stable_pretraining"}
"""Packages that can be run beside, and the module each is imported as."""

INSTALL = {
    "lightly": "pip install 'selftaught[peers]'",
    "solo-learn": "pip install 'solo-learn @ git+https://github.com/vturrisi/solo-learn'",
    "stable-pretraining": "pip install stable-pretraining",
}


@dataclass(frozen=True)
class Plan:
    """A table of speed.

    Attributes:
        contestants: as they were written, and the run of each.
        noise: whether the pictures are random instead of the run's own.
        repeats: rounds of the interleaving.
        against: peers.
        compiled: whether the floor is tried compiled as well; None does so where the run is compiled.
        peak_tflops: of the device, in 10^12 operations a second; None looks the device up.
    """

    contestants: tuple[tuple[str, config.Run], ...]
    noise: bool
    repeats: int
    against: tuple[str, ...]
    compiled: bool | None
    peak_tflops: float | None


def plan(
    contestants: Sequence[str],
    *,
    data: str,
    repeats: int = 7,
    against: Sequence[str] = (),
    compiled: bool | None = None,
    peak_tflops: float | None = None,
    overrides: dict[str, Any] | None = None,
) -> Plan:
    """Resolve every contestant; nothing is measured and torch is not imported.

    Args:
        contestants: methods, each with its own overrides if it has any: ``byol:momentum=0,0``.
        data: a data set, or ``random``.
        overrides: what holds for all; a contestant's own win.

    Raises:
        Refusal: no such method, key or peer, a peer that is not installed, or nothing to measure.
    """
    if not contestants:
        raise Refusal("Nothing to measure; name one method or more, for example: simclr byol.")
    if repeats < 1:
        raise Refusal(f"--repeats {repeats} measures nothing; give 1 or more (5 or more to trust).")
    if peak_tflops is not None and peak_tflops <= 0:
        raise Refusal(f"--peak-tflops {peak_tflops:g} should be above 0.")
    for peer in against:
        if peer not in PEERS:
            raise Refusal(f"There is no peer '{peer}'; {suggest(peer, PEERS)}")
        if util.find_spec(PEERS[peer]) is None:
            raise Refusal(f"--against {peer}: it is not installed here; {INSTALL[peer]}")
    noise = data == RANDOM
    found = []
    for text in dict.fromkeys(contestants):
        name, own = config.contestant(text)
        if catalogue.entry(name).baseline:
            raise Refusal(f"{name} is not trained step by step, so it has no step to measure.")
        chosen = {"data": "cifar10" if noise else data}
        found.append((text, config.resolve(name, chosen, overrides or {}, own)))
    return Plan(tuple(found), noise, repeats, tuple(against), compiled, peak_tflops)
