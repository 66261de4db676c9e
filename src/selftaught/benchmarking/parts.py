"""Where the time goes that a step takes beyond its floor: approximate, and adding up to the whole."""

import statistics
from collections.abc import Mapping

import torch

from selftaught.benchmarking.clock import Stopwatch, synchronise
from selftaught.benchmarking.floor import Floor
from selftaught.benchmarking.full import Full

PARTS = {
    "networks": "the floor itself",
    "reading": "pictures, and the plan of their views",
    "views": "making them",
    "losses": "losses, and what the method does between its networks, such as feeding views one by one",
    "optimiser": "beyond a fused SGD step",
    "after_step": "teachers, queues, centres",
    "logging": "keeping and writing losses",
    "other": "what clocks that wait for the device at every part do not see, and noise",
}
"""What each share is of."""


def watch(full: Full, floor: Floor, device: torch.device, *, repeats: int) -> dict[str, float]:
    """Seconds that each part takes beyond what the floor needs for it, the median of interleaved steps."""
    watched: list[dict[str, float]] = []
    stopwatch = Stopwatch(device)
    for _ in range(repeats):
        stopwatch.start()
        full.step(stopwatch.ended)
        own = stopwatch.seconds
        stopwatch.start()
        floor.step(stopwatch.ended)
        bare = stopwatch.seconds
        network = sum(own[part] - bare[part] for part in ("forward", "backward"))
        watched.append(
            {
                "reading": own["reading"],
                "views": own["views"],
                "losses": network,
                "optimiser": own["optimiser"] - bare["optimiser"],
                "after_step": own["after_step"],
                "logging": own["logging"],
            }
        )
    synchronise(device)
    return {part: statistics.median(each[part] for each in watched) for part in watched[0]}


def shares(seconds: Mapping[str, float], whole: float, of_floor: float) -> dict[str, float]:
    """Each part as a share of the full step, the floor's and the unexplained rest among them: their sum is 1.

    Args:
        seconds: from ``watch``.
        whole: seconds of a full step, when nobody waits for its parts.
        of_floor: the floor's share of it.
    """
    found = {"networks": of_floor} | {part: each / whole for part, each in seconds.items()}
    return found | {"other": 1 - sum(found.values())}
