"""Linear probe (Alain and Bengio, 2016), https://arxiv.org/abs/1610.01644.

Can a linear classifier tell the classes apart by the frozen features?

It is multinomial logistic regression, taken to its optimum.

With z the features standardised by the mean and the (population) standard deviation of the
pictures that the probe learns from, the probe minimises over weights W [d, k] and bias b [k]

    mean over pictures of cross_entropy(z W + b, label)  +  l2 / 2 * sum of W ** 2.

The bias is not penalised. That is scikit-learn's ``LogisticRegression(C=1 / (l2 * n))`` after
``StandardScaler``: it sums over the n pictures where we average, so that a strength here means the
same whatever the number of pictures.

The solver is L-BFGS (Liu and Nocedal, 1989) with two things that only a linear model allows. Along
a direction the logits are a straight line, so a line search reads the features once. And the
Hessian is close to h * covariance(z) + l2, which is the initial matrix of the two-loop recursion,
so that directions of small variance converge as fast as the others.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from selftaught.evaluation.results import Pool, Result, accuracy
from selftaught.types import Numbers

STRENGTHS = (10.0, 1.0, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6)
"""Candidates for l2, tried from strong to weak; each starts from where the solutions before lead."""

TOLERANCE = 1e-6
"""The largest entry of the gradient at which an optimum is called reached."""

ITERATIONS = 400
HISTORY = 20
"""Pairs of steps and gradient differences that L-BFGS remembers."""

LARGE = 2**22
"""Numbers in the features from which on the passes over them run in float32: half the time. Should that not
reach the tolerance, float64 goes on from there."""

ROWS = 4096
"""Pictures of which sums are taken at once."""

WIDEST = 6144
"""Widest features whose covariance is factorised (300 MB); wider ones go without."""


@dataclass(frozen=True)
class Probe:
    """A fitted probe.

    Attributes:
        weights: [d, k] float64, on standardised features.
        bias: [k] float64.
        mean, scale: [d] float64, what standardises a feature.
        l2: strength of the penalty.
        iterations: how many steps the solver took.
        converged: whether no entry of the gradient is larger than ``TOLERANCE``.
    """

    weights: Tensor
    bias: Tensor
    mean: Tensor
    scale: Tensor
    l2: float
    iterations: int
    converged: bool

    def plain(self) -> tuple[Float[Tensor, "d k"], Float[Tensor, " k"]]:
        """The weights and the bias that act on features as they are, not standardised."""
        weights = self.weights / self.scale[:, None]
        return weights, self.bias - self.mean @ weights

    def logits(self, features: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """Scores of the classes, float64 on the probe's device."""
        weights, bias = self.plain()
        return features.to(weights.device, weights.dtype) @ weights + bias

    def predict(self, features: Float[Tensor, "n d"]) -> Int64[Tensor, " n"]:
        """The class of largest score, on the probe's device."""
        return self.logits(features).argmax(-1)


class _Problem:
    """Standardised features with their labels; points [d + 1, k] hold the weights and, last, the
    bias."""

    def __init__(
        self, features: Tensor, labels: Tensor, classes: int, dtype: torch.dtype = torch.float64
    ) -> None:
        # Apple's GPUs have no float64, and the optimum is not worth approximating for one.
        device = torch.device("cpu") if features.device.type == "mps" else features.device
        features = features.to(device, dtype)
        self.labels = labels.to(device)
        self.classes = classes
        n, d = features.shape
        mean = _mean(features, lambda part: part.sum(0, dtype=torch.float64)).to(dtype)
        self.z = features - mean
        variance = _mean(self.z, lambda part: part.square().sum(0, dtype=torch.float64))
        deviation = variance.sqrt()
        self.mean = mean.double()
        # A feature that never moves stays at zero; rounding alone must not blow it up.
        still = deviation <= 1e-7 * self.mean.abs()
        self.scale = deviation.masked_fill(still | (deviation == 0), 1.0)
        self.z.div_(self.scale)
        if still.any():
            self.z.masked_fill_(still, 0.0)
        # The best weights lie in the span of the pictures (any other part only costs penalty), so with
        # fewer pictures than features the problem is solved in an orthonormal basis of that span.
        self.basis: Tensor | None = None
        if n < d:
            self.basis, triangle = torch.linalg.qr(self.z.T.double())
            self.basis[still | (deviation == 0)] = 0.0  # nothing may be read into dead features
            self.z, d = triangle.T.to(dtype).contiguous(), n
        self.covariance: Tensor | None = None
        if d <= WIDEST:
            self.covariance = _mean(self.z, lambda part: (part.T @ part).double())

    def weights(self, point: Tensor) -> Tensor:
        """The weights [d, k] on standardised features."""
        return point[:-1] if self.basis is None else self.basis @ point[:-1]

    def point(self, start: "Probe | None") -> Tensor:
        """Where to begin: at a probe of other pictures, or at nought."""
        if start is None:
            return self.mean.new_zeros(self.z.shape[1] + 1, self.classes)
        raw = (start.weights / start.scale[:, None]).to(self.mean.device)
        bias = start.bias.to(raw) + (self.mean - start.mean.to(raw)) @ raw
        weights = raw * self.scale[:, None]
        return torch.cat([weights if self.basis is None else self.basis.T @ weights, bias[None]])

    def logits(self, point: Tensor) -> Tensor:
        """Of each class and picture, [k, n]: a softmax over rows is ten times as fast as over columns."""
        point = point.to(self.z.dtype)
        return torch.addmm(point[-1][:, None], point[:-1].T, self.z.T)

    def gradient(self, point: Tensor, logits: Tensor, l2: float) -> Tensor:
        n = len(self.labels)
        residual = logits.softmax(0)
        residual[self.labels, torch.arange(n, device=residual.device)] -= 1
        residual /= n
        weights = (residual @ self.z).T.double()
        bias = residual.sum(1, dtype=torch.float64)
        return torch.cat([weights + l2 * point[:-1], bias[None]])

    def preconditioner(self, logits: Tensor, l2: float) -> "_Preconditioner":
        """The inverse of h * covariance + l2, h being the mean curvature of the loss in a logit."""
        p = logits.softmax(0)
        h = max(float((p * (1 - p)).mean()), 1e-4)
        if self.covariance is None:
            return _Preconditioner(None, h, h + l2)
        identity = torch.eye(len(self.covariance), dtype=torch.float64, device=p.device)
        factor, failed = torch.linalg.cholesky_ex(h * self.covariance + l2 * identity)
        # A penalty can be weaker than what float32 has rounded off the covariance.
        return _Preconditioner(None, h, h + l2) if failed else _Preconditioner(factor, h, 1.0)


def _mean(x: Tensor, total: Callable[[Tensor], Tensor]) -> Tensor:
    """A sum over the rows of x by their number, some rows at once: they stay near the processor."""
    return torch.stack([total(part) for part in torch.split(x, ROWS)]).sum(0) / len(x)


@dataclass(frozen=True)
class _Preconditioner:
    factor: Tensor | None
    bias: float
    weights: float

    def __call__(self, gradient: Tensor) -> Tensor:
        weights = gradient[:-1] / self.weights
        if self.factor is not None:
            weights = torch.cholesky_solve(weights, self.factor)
        return torch.cat([weights, gradient[-1:] / self.bias])


def _minimise(problem: _Problem, point: Tensor, l2: float) -> tuple[Tensor, int, bool]:
    """L-BFGS from ``point``; returns the last point, the steps taken and whether it converged."""
    logits = problem.logits(point)
    gradient = problem.gradient(point, logits, l2)
    precondition = problem.preconditioner(logits, l2)
    history: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=HISTORY)
    size = 1.0
    for iteration in range(ITERATIONS):
        if float(gradient.abs().max()) <= TOLERANCE:
            return point, iteration, True
        direction = -_two_loops(gradient, history, precondition, size)
        slope = problem.logits(direction)
        fall = float((gradient * direction).sum())
        length = _line_search(problem.labels, logits, slope, (point, direction), l2, fall)
        point, logits, before = point + length * direction, logits + length * slope, gradient
        gradient = problem.gradient(point, logits, l2)
        step, change = length * direction, gradient - before
        curvature = float((step * change).sum())
        if curvature <= 0:  # Nothing but rounding is left.
            break
        history.append((step, change, curvature))
        size = curvature / float((change * precondition(change)).sum())
    return point, iteration + 1, float(gradient.abs().max()) <= TOLERANCE


def _two_loops(
    gradient: Tensor,
    history: Sequence[tuple[Tensor, Tensor, float]],
    precondition: _Preconditioner,
    size: float,
) -> Tensor:
    """The inverse Hessian of L-BFGS times the gradient (Nocedal and Wright, algorithm 7.4)."""
    q, weights = gradient, []
    for step, change, curvature in reversed(history):
        weights.append(float((step * q).sum()) / curvature)
        q = q - weights[-1] * change
    r = size * precondition(q)
    for (step, change, curvature), weight in zip(history, reversed(weights), strict=True):
        r = r + (weight - float((change * r).sum()) / curvature) * step
    return r


def _line_search(
    labels: Tensor,
    logits: Tensor,
    slope: Tensor,
    line: tuple[Tensor, Tensor],
    l2: float,
    fall: float,
) -> float:
    """Where the objective's derivative along the direction is under a tenth of ``fall``, what it is
    at the beginning.

    The objective is convex, so Newton's method within a shrinking bracket finds the place.
    """
    w, v = line[0][:-1], line[1][:-1]
    wv, vv = float((w * v).sum()), float((v * v).sum())
    right = float(slope.gather(0, labels[None]).mean(dtype=torch.float64))
    low, high, t = 0.0, float("inf"), 1.0
    for _ in range(30):
        p = (logits + t * slope).softmax(0)
        mean = (p * slope).sum(0)
        derivative = float(mean.mean(dtype=torch.float64)) - right + l2 * (wv + t * vv)
        if abs(derivative) <= 0.1 * abs(fall):
            break
        low, high = (t, high) if derivative < 0 else (low, t)
        second = float(((p * slope.square()).sum(0) - mean.square()).mean()) + l2 * vv
        newton = t - derivative / second
        limit = min(high, 10 * t)
        t = newton if low < newton < limit else (low + limit) / 2
    return t


@torch.no_grad()
def path(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    *,
    classes: int,
    strengths: Sequence[float] = STRENGTHS,
    start: Probe | None = None,
) -> Iterator[Probe]:
    """The optimum for each strength of the penalty, each started from where the ones before lead.

    Args:
        start: where the first begins: a probe of other pictures, near or far.
    """
    exact, rough = torch.float64, torch.float32
    fast = features.numel() >= LARGE and features.dtype != exact
    problem = _Problem(features, labels, classes, rough if fast else exact)
    point = problem.point(start)
    solved: deque[tuple[float, Tensor]] = deque(maxlen=2)
    for l2 in strengths:
        point, iterations, converged = _minimise(problem, _ahead(point, solved, l2), l2)
        if not converged and fast:
            problem, fast = _Problem(features, labels, classes, exact), False
            point, more, converged = _minimise(problem, point, l2)
            iterations += more
        solved.append((l2, point))
        yield Probe(
            problem.weights(point),
            point[-1],
            problem.mean,
            problem.scale,
            l2,
            iterations,
            converged,
        )


def _ahead(point: Tensor, solved: Sequence[tuple[float, Tensor]], l2: float) -> Tensor:
    """From the last two optima straight on in log l2; from fewer, the last point itself."""
    if len(solved) < 2 or not solved[0][0] > solved[1][0] > l2 > 0:
        return point
    (first, start), (second, end) = solved
    return end + math.log(second / l2) / math.log(first / second) * (end - start)


def fit(
    features: Float[Tensor, "n d"],
    labels: Int64[Tensor, " n"],
    *,
    classes: int,
    l2: float,
    start: Probe | None = None,
) -> Probe:
    """The optimum for one strength of the penalty, sought from ``start`` if there is one."""
    return next(path(features, labels, classes=classes, strengths=[l2], start=start))


def tried(
    pool: Pool,
    labels: Int64[Tensor, " n"],
    strengths: Sequence[float] = STRENGTHS,
    probes: dict[float, Probe] | None = None,
) -> dict[float, float]:
    """Accuracy on the pool's held part for each strength of the penalty, learnt from its fit part.

    Args:
        labels: of the bank: the pool's own, or false ones.
        strengths: from strong to weak; those after the path has turned are left out.
        probes: where each strength's probe is put, for who would start from it.
    """
    found: dict[float, float] = {}
    bank, held = pool.bank[pool.fit], pool.bank[pool.held]
    for probe in path(bank, labels[pool.fit], classes=pool.classes, strengths=strengths):
        right = labels[pool.held].to(probe.bias.device)
        found[probe.l2] = accuracy(probe.predict(held), right)
        if probes is not None:
            probes[probe.l2] = probe
        # The path has turned: weaker penalties fit the bank ever more closely and cost the most.
        if len(found) > 2 and max(list(found.values())[-2:]) < max(found.values()):
            break
    return found


def best(tried: dict[float, float]) -> float:
    """The strength of the largest accuracy; of equals the strongest."""
    return max(tried, key=lambda l2: (tried[l2], l2))


@dataclass(frozen=True)
class Learnt:
    """The linear probe of a pool: the one that answers, and how its penalty was chosen.

    Attributes:
        probe: learnt from the whole bank.
        tried: strength of the penalty to accuracy on the held pictures.
    """

    probe: Probe
    tried: dict[float, float]


_LEARNT: WeakKeyDictionary[Pool, dict[tuple[float, ...], Learnt]] = WeakKeyDictionary()


def learnt(pool: Pool, strengths: Sequence[float] = STRENGTHS) -> Learnt:
    """The strength is chosen on the pool's held part, then the probe learns from the whole bank.

    Several protocols read the same probe, so it is kept as long as the pool is.

    Args:
        strengths: candidates, in any order.
    """
    ordered = tuple(sorted(set(strengths), reverse=True))
    kept = _LEARNT.setdefault(pool, {})
    if ordered not in kept:
        probes: dict[float, Probe] = {}
        found = tried(pool, pool.labels, ordered, probes)
        l2 = best(found)
        probe = fit(pool.bank, pool.labels, classes=pool.classes, l2=l2, start=probes[l2])
        kept[ordered] = Learnt(probe, found)
    return kept[ordered]


def protocol(pool: Pool, *, strengths: Numbers = STRENGTHS) -> Result:
    """The strength is chosen on the pool's held part, then the probe learns from the whole bank.

    Args:
        strengths: candidates for l2, tried from strong to weak until the held pictures get worse.
    """
    found = learnt(pool, strengths)
    probe = found.probe
    return Result.of(
        pool,
        probe.predict(pool.queries).to(pool.answers.device),
        l2=probe.l2,
        candidates=sorted(strengths, reverse=True),
        accuracy_when_choosing={f"{l2:g}": right for l2, right in found.tried.items()},
        chosen_on=pool.chosen_on,
        pictures_when_choosing={"fit": len(pool.fit), "held": len(pool.held)},
        penalty="l2 / 2 * sum of squared weights on standardised features, added to the mean loss",
        iterations=probe.iterations,
        converged=probe.converged,
    )
