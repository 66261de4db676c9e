"""Two-dimensional maps of features: principal components, and t-SNE for at most 2,000 pictures.

Both see the features scaled to length one, because that is what the kNN reads.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

TSNE_AT_MOST = 2000
TSNE_AT_LEAST = 12
PERPLEXITY = 30.0
DIMENSIONS = 50
ITERATIONS = 500

ANGLE = 0.8
"""How coarsely far pictures are summed (Barnes-Hut): a fifth less time than 0.5, neighbours as well kept."""

DRAWING = 1
"""To be counted up with any change of how maps are drawn: kept ones are then drawn anew."""


@dataclass(frozen=True)
class FeatureMap:
    """Where each picture lies on a map.

    Attributes:
        positions: [m, 2], centred; the wider direction fills [-1, 1].
        share: of the variance, held by the two axes; None where axes mean nothing (t-SNE).
    """

    positions: Float[ndarray, "m 2"]
    share: float | None


def on_the_sphere(features: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    """Rows scaled to length one, in float32; a row of zeros stays where it is."""
    features = features.astype(np.float32)
    lengths: ndarray = np.linalg.norm(features, axis=1, keepdims=True)
    scaled: ndarray = features / np.maximum(lengths, 1e-12)
    return scaled


def principal_components(features: Float[ndarray, "n d"]) -> FeatureMap | None:
    """The two directions of largest variance; None where the features do not differ at all."""
    scores, shares = _scores(features)
    if scores is None:
        return None
    positions = np.zeros((len(scores), 2), np.float32)
    positions[:, : min(2, scores.shape[1])] = scores[:, :2]
    return FeatureMap(_framed(positions), float(shares[:2].sum()))


def neighbour_embedding(features: Float[ndarray, "n d"], seed: int = 0) -> FeatureMap | None:
    """t-SNE (van der Maaten and Hinton, 2008) of the first 2,000 rows, after PCA to 50 dimensions.

    None where the features do not differ, or where there are fewer than 12.
    """
    features = features[:TSNE_AT_MOST]
    scores, _ = _scores(features)
    if scores is None or len(scores) < TSNE_AT_LEAST or scores.shape[1] < 2:
        return None
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    start = scores[:, :2] / scores[:, 0].std() * 1e-4
    embedding = TSNE(
        perplexity=min(PERPLEXITY, (len(scores) - 1) / 3),
        init=start,
        max_iter=ITERATIONS,
        angle=ANGLE,
        random_state=seed,
    )
    # More threads sum in another order, and on a busy machine they wait for each other for minutes.
    with threadpool_limits(1):
        positions = embedding.fit_transform(scores)
    return FeatureMap(_framed(positions.astype(np.float32)), None)


def _scores(
    features: Float[ndarray, "n d"],
) -> tuple[Float[ndarray, "n k"] | None, Float[ndarray, " k"]]:
    """Coordinates along the first principal components, and each one's share of the variance."""
    unit = on_the_sphere(features)
    if len(unit) < 2 or float(unit.std(axis=0).max()) < 1e-5:
        return None, np.zeros(0, np.float32)
    from sklearn.decomposition import PCA

    components = min(DIMENSIONS, *unit.shape)
    solver = "full" if min(unit.shape) <= 4 * DIMENSIONS else "randomized"
    pca = PCA(components, svd_solver=solver, random_state=0)
    return pca.fit_transform(unit), pca.explained_variance_ratio_


def _framed(positions: Float[ndarray, "m 2"]) -> Float[ndarray, "m 2"]:
    """Centred in its bounding box, and scaled alike in both directions to fill [-1, 1]."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    positions = positions - (low + high) / 2
    return positions / max(float((high - low).max()) / 2, 1e-12)
