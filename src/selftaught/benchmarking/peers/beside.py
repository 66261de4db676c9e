"""What a peer's file gives back."""

from dataclasses import dataclass
from typing import Any

from selftaught.benchmarking.clock import Contender


@dataclass(frozen=True)
class Beside:
    """A peer in one configuration.

    Attributes:
        contender: takes its steps.
        settings: what that configuration is, as JSON.
    """

    contender: Contender
    settings: dict[str, Any]
