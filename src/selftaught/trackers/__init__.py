"""Run folders to TensorBoard, Weights & Biases and MLflow, while training goes on or after it.

Whatever they are told is read back from the run folder, so that one piece of code follows a run that goes on
and tells of one that has ended. ``trackers.json`` in the run folder says how far each of them has been told: a
resumed run says no step twice. Nothing is sent anywhere unless the user's own environment says so.
"""

from selftaught.trackers.follow import following, tell
from selftaught.trackers.names import NAMES, check

__all__ = ["NAMES", "check", "following", "tell"]
"""``tell`` once, or ``following`` while something goes on."""
