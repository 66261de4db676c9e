"""Intervals of a share that was counted."""

from scipy.stats import norm


def wilson(right: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a proportion (Wilson, JASA 1927), which holds for few pictures and near 0 and 1 too.

    Args:
        right: how many of ``count`` were right.
        confidence: of the interval; for the worst of several groups, one minus the errors' sum over them.
    """
    if count == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + confidence / 2))
    share = right / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * (share * (1 - share) / count + z * z / (4 * count**2)) ** 0.5 / (1 + z * z / count)
    return max(centre - half, 0.0), min(centre + half, 1.0)
