"""Many runs, one fair table: every contestant goes through the same loop, protocols and run folder."""

from selftaught.comparison.compare import BASELINES, compare, plan
from selftaught.comparison.entrants import Entrant, Plan

__all__ = ["BASELINES", "Entrant", "Plan", "compare", "plan"]
