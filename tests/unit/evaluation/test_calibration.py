"""Calibration against scikit-learn's bins, a loop, and probabilities whose truth is known."""

import dataclasses
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pools import cloudy
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from selftaught.evaluation import calibration, linear


def test_the_error_is_that_of_scikit_learns_bins() -> None:
    random = np.random.default_rng(0)
    confidence = np.concatenate([random.uniform(0.1, 1, 700), [0.2, 0.4, 0.6, 1.0]])
    right = random.uniform(size=704) < confidence**2
    share, mean = calibration_curve(right, confidence, n_bins=15, strategy="uniform")
    place = np.minimum(np.ceil(confidence * 15).astype(int), 15) - 1
    weights = np.bincount(place, minlength=15)
    weights = weights[weights > 0] / 704
    table = calibration.binned(torch.tensor(confidence), torch.tensor(right).double(), 15)
    expected = float((weights * np.abs(share - mean)).sum())
    assert calibration.expected_error(table) == pytest.approx(expected, abs=1e-12)
    assert table[:, 0].sum() == 704


def test_the_brier_score_is_its_definition() -> None:
    probabilities = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)).softmax(1)
    answers = torch.arange(40) % 3
    expected = [
        sum((float(p[c]) - (c == a)) ** 2 for c in range(3))
        for p, a in zip(probabilities, answers.tolist(), strict=True)
    ]
    assert calibration.brier(probabilities, answers) == pytest.approx(float(np.mean(expected)))
    assert calibration.brier(torch.eye(3), torch.tensor([0, 1, 0])) == pytest.approx(2 / 3)


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_temperature_that_labels_were_drawn_at_is_found(true: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(20_000, 4, generator=generator)
    labels = (logits / true).softmax(1).multinomial(1, generator=generator).flatten()
    assert calibration.temperature(logits, labels) == pytest.approx(true, rel=0.05)


def test_the_temperature_is_the_slope_of_a_logistic_regression() -> None:
    """For two classes: no intercept, one slope, no penalty, which is 1 / T."""
    generator = torch.Generator().manual_seed(1)
    margin = 2 * torch.randn(500, generator=generator)
    labels = (torch.rand(500, generator=generator) < (margin / 2.5).sigmoid()).long()
    reference = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    slope = reference.fit(margin[:, None].numpy(), labels.numpy()).coef_.item()
    logits = torch.stack([torch.zeros(500), margin], 1)
    assert calibration.temperature(logits, labels) == pytest.approx(1 / slope, rel=1e-3)


@pytest.mark.parametrize(("l2", "overconfident"), [(1e-6, True), (3.0, False)])
def test_a_probe_that_is_too_sure_or_not_sure_enough_is_named_and_scaling_mends_it(
    l2: float, overconfident: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = cloudy(bank=400, queries=2000, d=60, spread=3.0)
    probe = linear.fit(pool.bank, pool.labels, classes=5, l2=l2)
    monkeypatch.setattr(linear, "learnt", lambda pool: linear.Learnt(probe, {}))
    result = calibration.protocol(pool)
    assert result.value > 0.08
    assert (result.scores["scaling_temperature"] > 1) == overconfident
    for name, value in result.scores.items():
        if name.endswith("_scaled"):
            plain = name.removesuffix("_scaled")
            assert value < 0.97 * result.facts()[plain], plain
    assert result.scores["expected_calibration_error_scaled"] < result.value / 2
    drawn = result.curves["reliability"]
    lines = zip(drawn["x"], drawn["low"], drawn["y"], drawn["high"], strict=True)
    assert all(0 <= low <= y <= high <= 1 for _, low, y, high in lines)
    above = [x > y for x, y in zip(drawn["x"], drawn["y"], strict=True)]
    assert (sum(above) > len(above) / 2) == overconfident


def test_the_probe_is_the_linear_one_and_the_number_that_of_its_probabilities() -> None:
    pool = cloudy()
    result, probe = calibration.protocol(pool, bins=10), linear.protocol(pool)
    assert torch.equal(result.predictions, probe.predictions)
    assert result.scores["accuracy"] == probe.value
    assert result.settings["l2"] == probe.settings["l2"]
    logits = linear.learnt(pool).probe.logits(pool.queries)
    p, error = logits.softmax(1), 0.0
    confidence, right = p.max(1).values, p.argmax(1) == pool.answers
    for low in range(10):
        inside = (confidence > low / 10) & (confidence <= (low + 1) / 10)
        if inside.any():
            gap = right[inside].double().mean() - confidence[inside].mean()
            error += float(inside.double().mean() * gap.abs())
    assert result.value == pytest.approx(error)
    nll = -math.fsum(F.log_softmax(logits, 1)[torch.arange(200), pool.answers].tolist()) / 200
    assert result.scores["negative_log_likelihood"] == pytest.approx(nll)


def test_the_queries_have_no_say_in_the_temperature() -> None:
    pool = cloudy()
    mistaken = dataclasses.replace(pool, answers=pool.answers.flip(0))
    one, other = (
        calibration.protocol(each).scores["scaling_temperature"] for each in (pool, mistaken)
    )
    assert one == other
