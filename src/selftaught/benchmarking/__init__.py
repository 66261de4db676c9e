"""Speed: a training step against its floor and against the peers, in turn on one machine."""

from selftaught.benchmarking.bench import bench
from selftaught.benchmarking.plan import PEERS, Plan, plan

__all__ = ["PEERS", "Plan", "bench", "plan"]
