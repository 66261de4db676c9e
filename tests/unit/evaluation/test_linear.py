"""The linear probe reaches the optimum that scikit-learn reaches."""

import gc

import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from selftaught.evaluation import linear
from selftaught.evaluation.results import Pool


def clouds(n: int, d: int = 12, classes: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Correlated, badly scaled, off-centre features, as networks make them; classes overlap."""
    fixed = torch.Generator().manual_seed(7)
    centres = torch.randn(classes, d, generator=fixed)
    mix = torch.randn(d, d, generator=fixed) @ torch.diag(torch.logspace(0, -2, d))
    offset = 10 * torch.randn(d, generator=fixed)
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (n,), generator=generator)
    return (centres[labels] + 1.2 * torch.randn(n, d, generator=generator)) @ mix + offset, labels


def objective(probe: linear.Probe, features: Tensor, labels: Tensor, l2: float) -> float:
    loss = F.cross_entropy(probe.logits(features), labels)
    return float(loss + l2 / 2 * probe.weights.square().sum())


@pytest.mark.parametrize("l2", [1.0, 1e-2, 1e-4, 3e-6])
def test_same_optimum_as_scikit_learn(l2: float) -> None:
    features, labels = clouds(600)
    others, _ = clouds(500, seed=1)
    probe = linear.fit(features, labels, classes=4, l2=l2)

    scaler = StandardScaler().fit(features.double().numpy())
    z = scaler.transform(features.double().numpy())
    reference = LogisticRegression(C=1 / (l2 * len(z)), tol=1e-10, max_iter=20_000)
    reference.fit(z, labels.numpy())
    weights = torch.from_numpy(reference.coef_.T.copy())
    bias = torch.from_numpy(reference.intercept_.copy())
    theirs = F.cross_entropy(torch.from_numpy(z) @ weights + bias, labels)
    theirs = float(theirs + l2 / 2 * weights.square().sum())

    ours = objective(probe, features, labels, l2)
    assert probe.converged
    assert ours == pytest.approx(theirs, rel=1e-6)
    torch.testing.assert_close(probe.weights, weights, rtol=1e-2, atol=1e-2)
    expected = reference.predict(scaler.transform(others.double().numpy()))
    assert (probe.predict(others).numpy() == expected).mean() > 0.995


def test_gradient_is_zero_and_the_bias_is_free() -> None:
    features, labels = clouds(300)
    features, labels = features[labels != 3], labels[labels != 3]
    probe = linear.fit(features, labels, classes=3, l2=1e3)
    weights, bias = probe.weights.clone().requires_grad_(), probe.bias.clone().requires_grad_()
    z = (features.double() - features.double().mean(0)) / features.double().std(0, correction=0)
    loss = F.cross_entropy(z @ weights + bias, labels) + 1e3 / 2 * weights.square().sum()
    for gradient in torch.autograd.grad(loss, (weights, bias)):
        assert gradient.abs().max() < 2 * linear.TOLERANCE
    # Under an overwhelming penalty what is left are the classes' shares.
    shares = labels.bincount().double() / len(labels)
    torch.testing.assert_close(probe.bias.softmax(0), shares, rtol=1e-4, atol=1e-4)


def test_path_visits_the_optima_that_cold_starts_reach() -> None:
    features, labels = clouds(300)
    for probe in linear.path(features, labels, classes=4):
        assert probe.converged
        cold = linear.fit(features, labels, classes=4, l2=probe.l2)
        assert objective(probe, features, labels, probe.l2) == pytest.approx(
            objective(cold, features, labels, probe.l2), abs=1e-6
        )


def test_fewer_pictures_than_features_reach_scikit_learns_optimum_too() -> None:
    """They are solved in the span of the pictures; the weights come back in the features' own space."""
    features, labels = clouds(60, d=200)
    probe = linear.fit(features, labels, classes=4, l2=1e-2)
    z = StandardScaler().fit_transform(features.double().numpy())
    reference = LogisticRegression(C=1 / (1e-2 * len(z)), tol=1e-10, max_iter=20_000)
    reference.fit(z, labels.numpy())
    assert probe.weights.shape == (200, 4)
    torch.testing.assert_close(
        probe.weights, torch.from_numpy(reference.coef_.T.copy()), rtol=1e-3, atol=1e-4
    )


def test_the_preconditioner_earns_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directions of small variance that matter are what slows down a plain L-BFGS."""
    generator = torch.Generator().manual_seed(0)
    white = torch.randn(1000, 40, generator=generator)
    rotation = torch.linalg.qr(torch.randn(40, 40, generator=generator)).Q
    features = white @ torch.diag(torch.logspace(0, -2, 40)) @ rotation
    scores = white @ torch.randn(40, 4, generator=generator)
    labels = (scores + 6 * torch.randn(1000, 4, generator=generator)).argmax(1)
    steps = linear.fit(features, labels, classes=4, l2=1e-4).iterations
    monkeypatch.setattr(linear, "WIDEST", 4)
    without = linear.fit(features, labels, classes=4, l2=1e-4).iterations
    assert steps < without / 3


def test_fewer_pictures_than_dimensions_and_dead_dimensions() -> None:
    features, labels = clouds(40, d=100)
    features[:, 3] = 5.0
    features[:, 4] = 0.0
    probe = linear.fit(features, labels, classes=4, l2=1e-3)
    assert probe.converged
    assert probe.weights[3:5].abs().max() == 0
    assert probe.predict(features).equal(labels)


def test_wide_features_reach_the_same_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clouds(300)
    narrow = linear.fit(features, labels, classes=4, l2=1e-2)
    monkeypatch.setattr(linear, "WIDEST", 4)
    wide = linear.fit(features, labels, classes=4, l2=1e-2)
    torch.testing.assert_close(wide.weights, narrow.weights, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(600, 30), (60, 200)])
def test_passes_in_float32_end_at_the_same_optimum(
    n: int, d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they cannot reach, float64 does: at a tolerance below float32's rounding too."""
    features, labels = clouds(n, d=d)
    exact = list(linear.path(features, labels, classes=4))
    monkeypatch.setattr(linear, "LARGE", 0)
    for ours, probe in zip(linear.path(features, labels, classes=4), exact, strict=True):
        assert ours.converged
        assert objective(ours, features, labels, probe.l2) == pytest.approx(
            objective(probe, features, labels, probe.l2), abs=1e-6
        )
    assert linear._Problem(features, labels, 4, torch.float32).z.dtype == torch.float32
    monkeypatch.setattr(linear, "TOLERANCE", 1e-9)
    assert linear.fit(features, labels, classes=4, l2=1e-2).converged


@pytest.mark.parametrize(("n", "d"), [(300, 30), (60, 200)])
def test_a_start_from_other_pictures_saves_steps_and_ends_at_the_same_optimum(
    n: int, d: int
) -> None:
    features, labels = clouds(n, d=d)
    most = n * 9 // 10
    near = linear.fit(features[:most] * 2 + 1, labels[:most], classes=4, l2=1e-2)
    scaled = features * 2 + 1
    cold = linear.fit(scaled, labels, classes=4, l2=1e-2)
    warm = linear.fit(scaled, labels, classes=4, l2=1e-2, start=near)
    assert warm.converged and warm.iterations < cold.iterations
    torch.testing.assert_close(warm.weights, cold.weights, rtol=1e-3, atol=1e-4)
    still = linear.fit(scaled, labels, classes=4, l2=1e-2, start=cold)
    assert still.iterations == 0  # an optimum is carried over as what it is
    torch.testing.assert_close(still.bias, cold.bias)


def noisy_pool() -> Pool:
    """Few pictures and many dimensions: a weak penalty overfits."""
    features, labels = clouds(160, d=60)
    queries, answers = clouds(400, d=60, seed=3)
    fit, held = torch.arange(80), torch.arange(80, 160)
    return Pool(features, labels, fit, held, queries, answers, 4, {"split": "test"}, "validation")


def test_the_strength_is_chosen_on_the_held_part_and_the_bank_is_learnt_again() -> None:
    pool = noisy_pool()
    result = linear.protocol(pool)
    best: dict[float, int] = {}
    for probe in linear.path(pool.bank[:80], pool.labels[:80], classes=4):
        best[probe.l2] = int((probe.predict(pool.bank[80:]) == pool.labels[80:]).sum())
    expected = max(best, key=lambda l2: (best[l2], l2))
    assert result.settings["l2"] == expected
    assert result.settings["chosen_on"] == "validation"
    assert result.settings["pictures_when_choosing"] == {"fit": 80, "held": 80}
    again = linear.fit(pool.bank, pool.labels, classes=4, l2=expected).predict(pool.queries)
    assert torch.equal(result.predictions, again)


def test_the_queries_have_no_say_in_the_choice() -> None:
    pool = noisy_pool()
    shuffled = Pool(**{**vars(pool), "answers": pool.answers.flip(0)})
    assert linear.protocol(pool).settings["l2"] == linear.protocol(shuffled).settings["l2"]


def test_a_pools_probe_is_learnt_once_and_kept_no_longer_than_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = noisy_pool()
    first = linear.learnt(pool)
    monkeypatch.setattr(linear, "fit", None)
    assert linear.learnt(pool, tuple(reversed(linear.STRENGTHS))) is first
    kept = len(linear._LEARNT)
    del pool
    gc.collect()
    assert len(linear._LEARNT) == kept - 1
